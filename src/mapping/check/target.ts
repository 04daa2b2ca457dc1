// What the mapping checker needs to know about the records it makes; the OneRoster model fits it structurally.
type TargetType = 'text' | 'integer' | 'number' | 'boolean' | 'date' | 'reference' | 'group'

export interface TargetField {
  readonly type: TargetType
  /** A list of such values. */
  readonly many?: boolean
  readonly required?: boolean
  /** The closed list of tokens, for text. */
  readonly vocabulary?: readonly string[]
  /** The collection a reference leads to. */
  readonly to?: string
  /** The members of a group. */
  readonly members?: Readonly<Record<string, TargetField>>
}

/** Collection name (`users`) → its mappable fields (without sourcedId, status, dateLastModified, metadata, which the engine owns). */
export type TargetModel = Readonly<Record<string, { readonly fields: Readonly<Record<string, TargetField>> }>>
