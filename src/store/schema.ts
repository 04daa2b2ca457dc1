// The shape in which the store keeps a OneRoster collection; the OneRoster model hands it in.

export interface StoredColumn {
  readonly name: string
  readonly type: 'text' | 'integer' | 'real'
  readonly index: boolean
}

export interface CollectionStorage {
  readonly name: string
  /** Values that filters, sorts and nested reads need as columns, besides sourcedId, status, born and died. */
  readonly columns: readonly StoredColumn[]
  /** Fields that hold arrays of references; each target is a row of `links_<name>`. */
  readonly links: readonly string[]
}

/** A piece of a `where` clause over the alias `r`, with its parameters in order. */
export interface Fragment {
  readonly sql: string
  readonly parameters: readonly (string | number | null | Uint8Array)[]
}

/** `died` of a version that is alive. */
export const ALIVE = Number.MAX_SAFE_INTEGER

/** A name as SQL writes it. Refuses (throws) what the model or the mapping's checker would never let through. */
export function quoteName(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new Error(`not a name for a table or column: ${name}`)
  return `"${name}"`
}
