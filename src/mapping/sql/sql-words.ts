// The words of SQL: the functions that queries may call, the names that Oracle or SQLite keep, how a column is written.

interface SqlFunction {
  readonly least: number
  readonly most: number
}

/** What Oracle and SQLite (with `to_char`) give alike; anything else would run in one of them only. */
export const SQL_FUNCTIONS: ReadonlyMap<string, SqlFunction> = new Map([
  ['to_char', { least: 2, most: 2 }],
  ['lower', { least: 1, most: 1 }],
  ['upper', { least: 1, most: 1 }],
  ['trim', { least: 1, most: 1 }],
  ['abs', { least: 1, most: 1 }],
  ['min', { least: 1, most: 1 }],
  ['max', { least: 1, most: 1 }],
  ['count', { least: 1, most: 1 }],
  ['sum', { least: 1, most: 1 }],
  ['coalesce', { least: 2, most: 20 }],
  ['nullif', { least: 2, most: 2 }],
  ['substr', { least: 2, most: 3 }],
  ['length', { least: 1, most: 1 }],
  ['replace', { least: 3, most: 3 }],
])

/** Words that structure a statement: where one of them stands, no name was written. */
export const SQL_KEYWORDS: ReadonlySet<string> = new Set(
  `all and any as asc between by case cross desc distinct else end escape except exists fetch for from full group
   having in inner intersect into is join left like limit minus natural not null offset on or order outer over right
   select then union using when where with`.split(/\s+/),
)

/** Words that can't name a column or a table without quotes in Oracle or in SQLite. */
const RESERVED: ReadonlySet<string> = new Set(
  `access add alter audit autoincrement cast char check cluster collate column comment commit compress connect constraint
   create current current_date current_time current_timestamp date decimal default deferrable delete drop exclusive file float foreign glob grant identified immediate
   increment index indexed initial insert integer isnull level lock long maxextents match mlslabel mode modify noaudit nocompress
   nothing notnull nowait number of offline online option pctfree primary prior public raise raw references regexp rename resource returning revoke
   row rowid rownum rows session set share size smallint start successful synonym sysdate table to transaction trigger
   uid unique update user validate values varchar varchar2 view whenever`.split(/\s+/),
)

export const isReserved = (word: string) => SQL_KEYWORDS.has(word) || RESERVED.has(word)

/** How a column of PowerSchool is written beside its SQL: table and column, in capitals by custom. */
export const TABLE_COLUMN = /^([A-Za-z][A-Za-z0-9_$#]*)\.([A-Za-z][A-Za-z0-9_$#]*)$/
