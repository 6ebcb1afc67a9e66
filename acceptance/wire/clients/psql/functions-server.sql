SELECT pg_backend_pid() > 0, txid_current() IS NOT NULL;
