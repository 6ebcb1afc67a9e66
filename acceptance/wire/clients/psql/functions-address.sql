SELECT inet_server_port() IS NOT NULL;
