// Which generation the pages of a query are read from: the one that was the newest when its first page was asked for.

export const PINS_SCHEMA: readonly string[] = [
  // `reader` is a token's id or an OAuth 1.0a client; `query` a digest, for a filter may hold names.
  `create table pins (
     reader text not null, query text not null, consumer text not null, generation integer not null, used_ms integer not null,
     primary key (reader, query)) without rowid`,
  `create index pins_by_consumer on pins(consumer, query, used_ms)`,
  `create index pins_by_use on pins(used_ms)`,
  // Set in a commit of its own before the time of a publish is taken, so that readers in other processes know of it.
  `create table publishing (id text not null)`,
]
