LISTEN channel;
NOTIFY other_channel, 'hello';
UNLISTEN *;
