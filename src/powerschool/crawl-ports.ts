// What a crawl is given and what it gives: the sources of a plan, the store that keeps their rows, how far it is.
import type { QueryPlace, QueryRow } from './query-ports.ts'

export type CrawlSource = RestSource | QuerySource

export interface RestSource {
  readonly kind: 'rest'
  readonly name: string
  /** '/ws/v1/school/{orgs.school.id}/term' */
  readonly get: string
  /** 'start_year=={settings.term_years}' */
  readonly q?: string
  readonly expand: readonly string[]
  readonly extend: readonly string[]
  /** Where the rows stand in a body: 'terms.term'. */
  readonly rows: string
  /** 'id', or a path such as 'name.code'. */
  readonly keyPath: string
  /** One object, read without count and pages. */
  readonly isSingle: boolean
  readonly parent?: { readonly placeholder: string }
}

/** A source that a PowerQuery of the plugin reads. */
export interface QuerySource {
  readonly kind: 'powerquery'
  readonly name: string
  /** Of all rows. */
  readonly rows: QueryTemplate
  /** Of the rows that changed since `:since` or at a time that is not known, and of the keys of all rows. */
  readonly incremental?: { readonly changes: QueryTemplate; readonly keys: QueryTemplate }
}

/** A named query with the settings that its arguments are taken from. */
export interface QueryTemplate {
  readonly name: string
  /** By argument; `since`, a day as the number 20260517, is not among them. */
  readonly settings: Readonly<Record<string, string>>
}

export interface ListState {
  readonly total: number | undefined
  readonly pages: ReadonlySet<number>
  readonly isDone: boolean
  readonly rows: number
  /** Rows by page. */
  readonly sizes: ReadonlyMap<number, number>
  /** Of `rows` those that PowerSchool's count leaves out. */
  readonly uncounted: number
  /** Whether PowerSchool was asked for its count. */
  readonly isCounted: boolean
  /** Rows that were asked for a page, if it is known. */
  readonly pageSize?: number | undefined
  /** When the list was begun, in milliseconds since 1970. A list that tells none is gone on with, however old. */
  readonly startedMs?: number
  /** When the last of it came, where that was in an earlier run. */
  readonly lastMs?: number | undefined
}

/** How often in a row a list was read and not whole, and whether each time just as if its count had the graduated in it. */
export interface ShortReadings {
  readonly readings: number
  readonly areWholeWithGraduates: boolean
}

/** Each call is whole or has not happened, also when the process is killed; but for what waits to be written with other marks. */
export interface CrawlStore {
  /** The values for a placeholder such as 'orgs.school.id', in a stable order; called when the source is about to be read. */
  parentValues(placeholder: string): Promise<readonly (string | number)[]>
  /** For `{settings.x}` in `q`; a list means one list read a value. */
  setting(name: string): unknown
  listState(source: string, list: string): ListState | undefined
  /** Whether an earlier crawl has proved the list to be a single page that is not full, and this one may build on it. */
  mayBeUnchanged(source: string, list: string, pageSize: number): boolean
  /** Finishes the list, and answers true, if these are exactly the rows that an earlier crawl has proved it to have. */
  finishUnchanged(source: string, list: string, rows: readonly unknown[]): Promise<boolean>
  /** `total` is what PowerSchool counts; undefined where it does not count. */
  beginList(source: string, list: string, total: number | undefined, options?: { readonly pageSize: number }): void
  /** Begins a list by its first page, which has come before its count. */
  openList(source: string, list: string, pageSize: number): void
  /** The count of a list that was begun by its first page. */
  countList(source: string, list: string, total: number | undefined): void
  /**
   * `repeated`: keys that another page of the list holds, or this one twice; the list has to be restarted then. A page that comes
   * when its list was restarted is dropped. `uncounted`: how many of the rows PowerSchool's count leaves out.
   */
  savePage(
    source: string,
    list: string,
    page: number,
    rows: readonly unknown[],
    uncounted?: number,
  ): Promise<{ readonly repeated: number }>
  /** Forgets what was read of the list; `short` is kept until the list is finished, or restarted without. */
  restartList(source: string, list: string, short?: ShortReadings): void
  shortReadings(source: string, list: string): ShortReadings | undefined
  finishList(source: string, list: string): Promise<void>
  isSourceDone(source: string): boolean
  finishSource(source: string): Promise<void>
  readonly queries: QueryStore
}

/** What a PowerQuery's rows are put into. `begin…` forgets what came before of the same. */
export interface QueryStore {
  /** The day from which changed rows have to be asked for, `YYYY-MM-DD`; undefined where all rows have to be. */
  changedSince(source: string): string | undefined
  /** How far an interrupted reading of all rows had come; undefined where there is none. */
  rowsBefore(source: string): QueryPlace | undefined
  beginRows(source: string): void
  /** `repeated`: keys that have come before; all is to be read again then. With these rows the reading is at `place`. */
  saveRows(source: string, rows: readonly QueryRow[], place: QueryPlace): Promise<{ readonly repeated: number }>
  finishRows(source: string): Promise<void>
  /** Once, before `beginChanges` and `beginKeys`. */
  beginUpdate(source: string): void
  beginChanges(source: string): void
  saveChanges(source: string, rows: readonly QueryRow[]): Promise<{ readonly repeated: number }>
  beginKeys(source: string): void
  saveKeys(source: string, rows: readonly QueryRow[]): Promise<{ readonly repeated: number }>
  /** Deletes what has no key any more. False where the rows do not fit the keys: all rows have to be read. */
  finishUpdate(source: string): Promise<boolean>
}

export interface CrawlProgressReport {
  readonly source: string
  /** From 0. */
  readonly sourceIndex: number
  readonly sourceCount: number
  readonly listsDone: number
  readonly listsTotal: number
  /** Of this source, with what earlier runs read. */
  readonly rowsDone: number
  /** Only once PowerSchool has counted every list of this source. */
  readonly rowsTotal?: number
  /** Sent in this run. */
  readonly requests: number
  /** To the end of this source, at the speed of this run; left out until there is one. */
  readonly etaMs?: number
}
