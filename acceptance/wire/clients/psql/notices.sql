DROP TABLE IF EXISTS never_there;
CREATE TABLE IF NOT EXISTS customers (id integer);
CREATE SCHEMA IF NOT EXISTS reports;
ROLLBACK;
SET LOCAL application_name = 'x';
SET client_min_messages = error;
DROP TABLE IF EXISTS never_there;
