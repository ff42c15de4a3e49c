-- What wrk is to send, and its figures as one line of JSON.
--
--     wrk ... -s wrk.lua URL [-- FILE [DELAY]]
--
-- Without FILE the one request of wrk's own options is sent over and over. Each line of FILE
-- is a request: method, path, token or "-", body; they are sent in turns, from a place
-- that differs from run to run. "@" in a body is replaced by a number that no other request
-- has. DELAY, in milliseconds, is the mean pause of a connection between two requests.

local function read_requests(name)
    local requests = {}
    for line in io.lines(name) do
        local method, path, token, body = line:match("^(%S+) (%S+) (%S+) ?(.*)$")
        local head = method .. " " .. path .. " HTTP/1.1\r\nHost: " .. wrk.host .. ":" ..
            wrk.port .. "\r\n"
        if token ~= "-" then
            head = head .. "Authorization: Token " .. token .. "\r\n"
        end
        if body ~= "" then
            local front, back = body:match("^(.*)@(.*)$")
            local length = front and #front + #back + 19 or #body
            head = head .. "Content-Type: application/json\r\nContent-Length: " .. length ..
                "\r\n\r\n"
            if front then
                requests[#requests + 1] = {head .. front, back}
            else
                requests[#requests + 1] = {head .. body}
            end
        else
            requests[#requests + 1] = {head .. "\r\n"}
        end
    end
    return requests
end

function init(args)
    if not args[1] then
        return
    end
    local requests = read_requests(args[1])
    local mean = tonumber(args[2])
    math.randomseed(os.time())
    local count, place = 0, math.random(#requests)
    local run = string.format("%08x", os.time() % 0x7fffffff)
    request = function()
        local parts = requests[place]
        place = place % #requests + 1
        if not parts[2] then
            return parts[1]
        end
        count = count + 1
        return parts[1] .. string.format("%s-%010d", run, count) .. parts[2]
    end
    if mean then
        delay = function() return math.random(0, 2 * mean) end
    end
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        "\n{\"count\": %d, \"seconds\": %.6f, \"p50_us\": %d, \"p99_us\": %d, " ..
        "\"refused\": %d, \"failed\": %d}\n",
        summary.requests, summary.duration / 1e6, latency:percentile(50),
        latency:percentile(99), errors.status,
        errors.connect + errors.read + errors.write + errors.timeout))
end
