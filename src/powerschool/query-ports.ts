// A PowerQuery as the crawl asks for it.

export interface QueryCall {
  /** With the prefix of the plugin: `org.oneroster_bridge.sis.roster.students`. */
  readonly name: string
  readonly arguments: Readonly<Record<string, string | number>>
}

/** How far a query was read. */
export interface QueryPlace {
  /** Rows so far. */
  readonly got: number
  /** Digests of the last of them, in their order. */
  readonly tail: readonly string[]
  /** Which attempt at the query it is, from 1. */
  readonly attempt: number
}

/** A row as PowerSchool tells it: text by alias; what is null is not there. */
export type QueryRow = Readonly<Record<string, unknown>>
