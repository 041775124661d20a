-- Run once by the image's entrypoint, on an empty data folder, as the superuser: the role that owns
-- the tables and migrates, the role that serves and may less, and their database. What the second
-- may is granted by `python -m app migrate`.
\set owner_password `cat "${SECRETS:-/run/secrets}/owner_password"`
\set application_password `cat "${SECRETS:-/run/secrets}/application_password"`

CREATE ROLE zhangban_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE zhangban_app LOGIN PASSWORD :'application_password';
CREATE DATABASE zhangban OWNER zhangban_owner;
REVOKE CONNECT, TEMPORARY ON DATABASE zhangban FROM PUBLIC;
GRANT CONNECT ON DATABASE zhangban TO zhangban_app;
