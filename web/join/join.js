// The address of an invite link, join/#LINK. The page of the chat, one folder up, shows what it
// leads to. What follows "#" is not sent to the server, so it is in no log.

location.replace(`../#join=${location.hash.slice(1)}`);
