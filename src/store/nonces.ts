// The OAuth 1.0a nonces that were used, remembered for the whole time in which their timestamps are accepted.

export const NONCES_SCHEMA: readonly string[] = [
  `create table nonces (
     timestamp integer not null, consumer text not null, nonce text not null,
     primary key (timestamp, consumer, nonce)) without rowid`,
]
