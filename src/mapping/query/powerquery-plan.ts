// What the crawl and the plugin are told of a source's PowerQuery: its named queries, their columns, what they touch.
import type { Parent } from '../check/check-readers.ts'
import type { Place } from '../diagnostic.ts'

export interface QueryColumn {
  /** The member of an answer's rows, in lower case: `first_name`. */
  readonly alias: string
  /** Where the value belongs in the source's row: `name.first_name`. */
  readonly path: string
  /** PowerSchool's names, in capitals: `STUDENTS`, `FIRST_NAME`. */
  readonly table: string
  readonly column: string
}

export interface QueryArgument {
  /** `start_year` for `:start_year`. */
  readonly name: string
  /** The setting of the mapping that gives its value; `undefined` for `since`, which the crawl gives: a day as the number 20260517. */
  readonly setting: string | undefined
  readonly table: string
  readonly column: string
}

export interface NamedQuery {
  /** The last part of its name: `students`, `students_keys`, `students_changes`. */
  readonly name: string
  /** The table that its rows are of, in lower case. */
  readonly core: string
  readonly sql: string
  /** In the order of the select list. */
  readonly columns: readonly QueryColumn[]
  readonly arguments: readonly QueryArgument[]
}

export interface TouchedColumn {
  readonly table: string
  readonly column: string
  /** The text of the mapping that reads it. */
  readonly place: Place
  /** What is made of it: `users.student.givenName`. Empty for what only joins, narrows or orders. */
  readonly uses: readonly string[]
}

export interface PowerqueryReader {
  /** All rows. */
  readonly rows: NamedQuery
  /**
   * For incremental reading, of a source that has `changed`: key and date of every row (and its
   * column for `within`), and the rows changed since `:since` or at no known time.
   */
  readonly incremental?: { readonly keys: NamedQuery; readonly changes: NamedQuery; readonly changed: string }
  /** Only rows whose column has a value that these rows have are kept. */
  readonly within?: { readonly path: string; readonly parent: Parent }
  /** Of all its queries, each once. */
  readonly touched: readonly TouchedColumn[]
}
