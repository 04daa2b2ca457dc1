// The narrowed rosters: what a consumer sees that may not see all, each with record tables of its own.

export const ROSTERS_SCHEMA: readonly string[] = [
  `create table rosters (
     id integer primary key autoincrement, narrowing text not null unique, built integer)`,
]
