"""The only place that talks to the AWS SDK: sessions, clients, TLS; its errors become ours."""
