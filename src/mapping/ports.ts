// What a run reads and what it gives: the staged rows, the records and the report.

export interface StagedRow {
  readonly ordinal: number
  /** Cells as `coerceRow` made them. */
  readonly row: readonly unknown[]
}

/** What the engine reads; the store implements it over SQLite, tests over arrays. Unknown sources have no rows. */
export interface StagedRows {
  count(source: string): number
  /** Rows with ordinal > after, ascending, at most `limit`. Ordinals are positive integers, unique inside a source. */
  batch(source: string, after: number, limit: number): readonly StagedRow[]
  byOrdinal(source: string, ordinal: number): StagedRow | undefined
  byKey(source: string, key: string | number): StagedRow | undefined
  /** Rows whose slots equal the values, by key: ordinals depend on what came and went before. An index exists for each entry of Mapping.indexes. */
  byMatch(
    source: string,
    slots: readonly number[],
    values: readonly (string | number | boolean)[],
  ): readonly StagedRow[]
}

export interface Reference {
  readonly collection: string
  readonly sourcedId: string
}

export type FieldValue =
  | string
  | number
  | boolean
  | Reference
  | readonly FieldValue[]
  | { readonly [name: string]: FieldValue }

/** Blank fields are absent. */
export interface MappedRecord {
  readonly collection: string
  /** `users.student` */
  readonly rule: string
  readonly sourcedId: string
  readonly fields: Readonly<Record<string, FieldValue>>
  readonly metadata?: Readonly<Record<string, FieldValue>>
  /** Of rules with `create_only: [id]`: what `PublishedRecords.idOf` will be asked for, once this record is published. */
  readonly rowKey?: string | number
}

export type RunCode =
  | 'row-type' // a cell could not be coerced (told by the crawl)
  | 'column-blank' // a column of an extension table that is blank in every row (told by the sync)
  | 'lookup-missing' // a lookup or a required reference found no row
  | 'required-blank'
  | 'code-unknown'
  | 'value-unusable' // such as an e-mail address that is none
  | 'value-kept' // by `create_only`: the formula gives another value
  | 'id-repeated'
  | 'ref-out-of-scope' // the row that a lookup or a required reference found is not published

/** What was published before, for fields that are written once (`create_only`). */
export interface PublishedRecords {
  /** The v1.1 record of this id as last published, also when it was deleted since; undefined: never published, or forgotten. */
  recordOf(collection: string, sourcedId: string): Readonly<Record<string, unknown>> | undefined
  /** The sourcedId that the row was first published under. `key`: the row's key, or the shared column of a `one_per`. */
  idOf(rule: string, key: string | number): string | undefined
}

export interface RunInput {
  readonly rows: StagedRows
  /** Laid over the mapping's defaults: schools, start_year, term_years … */
  readonly settings: Readonly<Record<string, unknown>>
  /** The day in the district's time zone, `YYYY-MM-DD`. */
  readonly today: string
  /** Without it every record counts as new. */
  readonly published?: PublishedRecords
}

export interface PublishedRow {
  readonly ordinal: number
  readonly row: readonly unknown[]
  readonly sourcedId: string
}

export interface RuleCounts {
  readonly read: number
  readonly published: number
  /** Rows for which `where` does not hold. */
  readonly outOfScope: number
  /** Rows held back, by code. */
  readonly leftOut: Readonly<Record<string, number>>
}

export interface RunDiagnostic {
  readonly code: RunCode
  readonly rule: string
  /** A field, a lookup, `id` or `one_per`. */
  readonly field?: string
  readonly count: number
  /** The keys of the first 20 rows. */
  readonly keys: readonly (string | number)[]
}

export interface RunReport {
  /** By rule, `users.student`. */
  readonly rules: Readonly<Record<string, RuleCounts>>
  readonly diagnostics: readonly RunDiagnostic[]
}

/** Where a run is: what it has counted and decided so far, and the rows that it has done. For `Mapping.startRun`. */
export interface RunState {
  /** Undefined before the first record. */
  readonly place: RunPlace | undefined
  readonly tally: TallyState
  /** By rule, what was decided of each row by its ordinal. */
  readonly decided: Readonly<Record<string, Uint8Array>>
}

export interface RunPlace {
  readonly collection: string
  readonly rule: string
  /** The ordinal of the last row that was done. */
  readonly after: number
}

export interface TallyState {
  readonly rules: readonly RuleTally[]
  readonly diagnostics: readonly RunDiagnostic[]
}

export interface RuleTally {
  readonly rule: string
  read: number
  published: number
  outOfScope: number
  /** By code. */
  readonly leftOut: Partial<Record<RunCode, number>>
}

export interface RecordsOptions {
  /** All unless told. */
  readonly collections?: ReadonlySet<string>
  /** Of a run that goes on: the sourcedIds that it gave before, of the collection in which it goes on. */
  readonly given?: (collection: string) => Iterable<string>
}

export interface MappingRun {
  /** The published rows of a rule, evaluated now; it reads only what the rule's scope reads. */
  scope(rule: string): Iterable<PublishedRow>
  /**
   * All records that are still to come, a batch of at most 200 source rows at a time, so that the caller can yield between them.
   * Once a run.
   */
  records(options?: RecordsOptions): Generator<readonly MappedRecord[]>
  /** What was counted so far. */
  report(): RunReport
  /** The last batch of `records`; another object after each one that had rows of its own. */
  readonly place: RunPlace | undefined
  /** Up to and with the last batch of `records`. It holds what is still written into: keep a copy of it at once. */
  state(): RunState
}
