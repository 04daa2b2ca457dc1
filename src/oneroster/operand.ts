// Finds what a filter's or a sort's field path speaks of in a collection.
import { type Collection, type Comparison, fieldOf } from './model.ts'

export type Operand =
  /** A stored column, `<name>_folded` beside it when compared folded. */
  | {
      readonly kind: 'column'
      readonly name: string
      readonly type: 'text' | 'date' | 'boolean' | 'number'
      readonly compare: Comparison
      readonly isAlwaysThere: boolean
    }
  /** dateLastModified: the time of the generation in which the record was born. */
  | { readonly kind: 'generation' }
  /** A list of references, in `links_<collection>`. */
  | { readonly kind: 'links'; readonly field: string }
  /** A list of texts, or one member of a list of groups, inside the body. */
  | {
      readonly kind: 'elements'
      readonly field: string
      readonly member: string | undefined
      readonly compare: Comparison
    }
  /** One key of the metadata, dots included. */
  | { readonly kind: 'metadata'; readonly key: string }

const BASE: Readonly<Record<string, Operand>> = {
  sourcedId: { kind: 'column', name: 'sourcedId', type: 'text', compare: 'exact', isAlwaysThere: true },
  status: { kind: 'column', name: 'status', type: 'text', compare: 'exact', isAlwaysThere: true },
  dateLastModified: { kind: 'generation' },
}

const METADATA = /^metadata\.([A-Za-z0-9_:.-]+)$/

/** The operand of a case-sensitive path (`title`, `school`, `school.sourcedId`, `userIds.identifier`, `metadata.x`), or nothing. */
export function operandOf(collection: Collection, path: string): Operand | undefined {
  if (Object.hasOwn(BASE, path)) return BASE[path]
  const key = METADATA.exec(path)?.[1]
  if (key !== undefined) return { kind: 'metadata', key }
  const dot = path.indexOf('.')
  const name = dot < 0 ? path : path.slice(0, dot)
  const member = dot < 0 ? undefined : path.slice(dot + 1)
  const field = fieldOf(collection, name)
  if (field === undefined) return undefined
  if (field.type === 'group') {
    const facts = member !== undefined && Object.hasOwn(field.members, member) ? field.members[member] : undefined
    return facts && { kind: 'elements', field: name, member, compare: facts.compare }
  }
  if (member !== undefined && !(field.type === 'reference' && member === 'sourcedId')) return undefined
  if (field.type === 'reference' && field.many) return { kind: 'links', field: name }
  if (field.type === 'text' && field.many) {
    return { kind: 'elements', field: name, member: undefined, compare: field.compare }
  }
  return {
    kind: 'column',
    name,
    type: field.type === 'token' || field.type === 'reference' ? 'text' : field.type,
    compare: field.type === 'text' ? field.compare : 'exact',
    isAlwaysThere: field.required ?? false,
  }
}
