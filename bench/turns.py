"""Contestants take turns, A B A B, so that a change in the speed of the machine affects all."""

from statistics import median

import load

# A run is repeated if other processes used more than this part of the machine.
DISTURBED = 0.03
REPEATS = 3             # of one run
REPEATS_IN_ALL = 40


class Turns:
    """Runs contestants and counts disturbed runs."""

    def __init__(self, rounds, seconds, warm_seconds, repeats_in_all=REPEATS_IN_ALL):
        self.rounds = rounds
        self.seconds = seconds
        self.warm_seconds = warm_seconds
        self.repeats_in_all = repeats_in_all
        self.runs = 0
        self.thrown_away = 0
        self.kept_disturbed = 0

    def take(self, contestants, rounds=None, seconds=None):
        """`contestants`: name -> function of seconds that returns a Sample. Returns a
        Result for each name, the samples of all in the same order of rounds."""
        samples = {name: [] for name in contestants}
        for run in contestants.values():
            run(self.warm_seconds)
        for _ in range(rounds or self.rounds):
            for name, run in contestants.items():
                samples[name].append(self._sound_run(run, seconds or self.seconds))
        return {name: Result(name, found) for name, found in samples.items()}

    def _sound_run(self, run, seconds):
        return self.sound(lambda: (run(seconds),))[0]

    def sound(self, run):
        """Returns the tuple of `run`, which starts with a Sample: that of the first undisturbed
        run, or of the last one."""
        for attempt in range(REPEATS + 1):
            load.settle()
            found = run()
            self.runs += 1
            if found[0].disturbed <= DISTURBED:
                return found
            if attempt == REPEATS or self.thrown_away >= self.repeats_in_all:
                break
            self.thrown_away += 1
        self.kept_disturbed += 1
        return found


class Result:
    """The samples of one contestant."""

    def __init__(self, name, samples):
        self.name = name
        self.samples = samples

    def of(self, figure):
        """The median of a figure: "total", "rate", "p50_us", "p99_us"."""
        return median(getattr(sample, figure) for sample in self.samples)

    @property
    def cpu(self):
        return self.of("total")

    @property
    def rate(self):
        return self.of("rate")

    def spread(self, figure="total"):
        """Half the distance of lowest and highest, as a part of the median."""
        values = [getattr(sample, figure) for sample in self.samples]
        return (max(values) - min(values)) / 2 / median(values)

    def by_process(self):
        return {name: median(sample.cpu[name] for sample in self.samples)
                for name in self.samples[0].cpu}


def ratio(result, *floors, figure="total"):
    """The median, over the rounds, of a figure in units of the sum of the floors'."""
    return median(getattr(sample, figure) / sum(getattr(f, figure) for f in floor_samples)
                  for sample, *floor_samples in zip(result.samples,
                                                    *(floor.samples for floor in floors)))


def furthest(results, figure="total"):
    """The ratio of the highest and the lowest of several results, by their medians."""
    values = [result.of(figure) for result in results]
    return max(values) / min(values)
