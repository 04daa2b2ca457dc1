// Which columns and links of each collection are kept beside a record's text, so that filters and nested reads need no JSON.
import { COLLECTIONS, type Collection, type Field, type Index, MODEL } from './model.ts'

export interface StoredColumn {
  /** To be double-quoted in SQL. `<field>_folded` holds the text of `fold`. */
  readonly name: string
  readonly type: 'text' | 'integer' | 'real'
  readonly index: boolean
}

export interface CollectionStorage {
  readonly name: Collection
  /** Every scalar field; a reference as its sourcedId, a boolean as `true` or `false`. Absent is null, never ''. */
  readonly columns: readonly StoredColumn[]
  /** The fields that are lists of references, kept in `links_<name>`. */
  readonly links: readonly string[]
}

/** One row a collection, in the model's order. */
export const STORAGE: readonly CollectionStorage[] = COLLECTIONS.map((name) => {
  const fields = Object.entries(MODEL[name].fields)
  return {
    name,
    columns: fields.flatMap(([field, facts]) => columnsOf(field, facts)),
    links: fields.filter(([, facts]) => facts.type === 'reference' && facts.many).map(([field]) => field),
  }
})

/** The text by which case-insensitive fields are compared: composed (NFC), in lower case. */
export function fold(text: string): string {
  return text.normalize('NFC').toLowerCase()
}

/** The name of the column that holds a field's folded text. */
export function foldedColumn(field: string): string {
  return `${field}_folded`
}

function columnsOf(name: string, field: Field): StoredColumn[] {
  if (field.type === 'roles' || ('many' in field && field.many)) return []
  const indexed = (kind: Index) => field.index?.includes(kind) ?? false
  const plain: StoredColumn = { name, type: field.type === 'number' ? 'real' : 'text', index: indexed('plain') }
  if (field.type !== 'text' || field.compare === 'exact') return [plain]
  return [plain, { name: foldedColumn(name), type: 'text', index: indexed('folded') }]
}
