// Finds what a filter's or a sort's field path speaks of in a collection.
import { type Comparison, type Entity, type Field, fieldOf, MODEL, type TokenField, type Version } from './model.ts'
import { SHARED_ROLES } from './user-roles.ts'

export type Operand =
  /** A stored column, `<name>_folded` beside it when compared folded. */
  | {
      readonly kind: 'column'
      readonly name: string
      readonly type: 'text' | 'date' | 'boolean' | 'number'
      readonly compare: Comparison
      readonly isAlwaysThere: boolean
      /** SQL on `r` for what this version shows, where that is not what the column holds. */
      readonly shown?: string
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
      readonly text: 'body' | 'body_v1p2'
      /** The list holds one of these values exactly when the column does. */
      readonly shortcut?: { readonly column: string; readonly values: ReadonlySet<string> }
    }
  /** One key of the metadata, dots included. */
  | { readonly kind: 'metadata'; readonly key: string }
  /** A field of the standard that the bridge never fills. */
  | { readonly kind: 'absent' }

const BASE: Readonly<Record<string, Operand>> = {
  sourcedId: { kind: 'column', name: 'sourcedId', type: 'text', compare: 'exact', isAlwaysThere: true },
  status: { kind: 'column', name: 'status', type: 'text', compare: 'exact', isAlwaysThere: true },
  dateLastModified: { kind: 'generation' },
}

const METADATA = /^metadata\.([A-Za-z0-9_:.-]+)$/

/** v1.2 roles[]: what a path below it speaks of. */
const ROLES: Readonly<Record<string, Operand>> = {
  role: {
    ...roleMember('role'),
    // A user has one role in all orgs, so that its column answers for the list.
    shortcut: { column: 'role', values: SHARED_ROLES },
  },
  roleType: roleMember('roleType'),
  org: { kind: 'links', field: 'orgs' },
  'org.sourcedId': { kind: 'links', field: 'orgs' },
  userProfile: { kind: 'absent' },
  beginDate: { kind: 'absent' },
  endDate: { kind: 'absent' },
}

function roleMember(member: string): Extract<Operand, { kind: 'elements' }> {
  return { kind: 'elements', field: 'roles', member, compare: 'exact', text: 'body_v1p2' }
}

/**
 * The operand of a case-sensitive path (`title`, `school`, `school.sourcedId`, `userIds.identifier`, `roles.role`,
 * `metadata.x`), or nothing when the version has no such field.
 */
export function operandOf(entity: Entity, path: string, version: Version): Operand | undefined {
  if (Object.hasOwn(BASE, path)) return BASE[path]
  const key = METADATA.exec(path)?.[1]
  if (key !== undefined) return { kind: 'metadata', key }
  const dot = path.indexOf('.')
  const name = dot < 0 ? path : path.slice(0, dot)
  const member = dot < 0 ? undefined : path.slice(dot + 1)
  if (MODEL[entity].unfilled?.[version]?.includes(name)) return { kind: 'absent' }
  const field = fieldOf(entity, name, version)
  return field && (member === undefined ? wholeField(name, field, version) : memberOf(name, field, member))
}

function memberOf(name: string, field: Field, member: string): Operand | undefined {
  switch (field.type) {
    case 'group': {
      const facts = Object.hasOwn(field.members, member) ? field.members[member] : undefined
      return facts && { kind: 'elements', field: name, member, compare: facts.compare, text: 'body' }
    }
    case 'roles':
      return Object.hasOwn(ROLES, member) ? ROLES[member] : undefined
    case 'reference':
      return member === 'sourcedId' ? reference(name, field.many ?? false, field.required ?? false) : undefined
    default:
      return undefined
  }
}

function wholeField(name: string, field: Field, version: Version): Operand | undefined {
  switch (field.type) {
    case 'group':
    case 'roles':
      return undefined
    case 'reference':
      return reference(name, field.many ?? false, field.required ?? false)
    case 'token':
      return { ...column(name, 'text', field.required), ...shownToken(name, field, version) }
    case 'text':
      if (field.many) return { kind: 'elements', field: name, member: undefined, compare: field.compare, text: 'body' }
      return { ...column(name, 'text', field.required), compare: field.compare }
    case 'date':
    case 'boolean':
    case 'number':
      return column(name, field.type, field.required)
    default:
      return field satisfies never
  }
}

function reference(name: string, isMany: boolean, isRequired: boolean): Operand {
  return isMany ? { kind: 'links', field: name } : column(name, 'text', isRequired)
}

type Column = Extract<Operand, { kind: 'column' }>

function column(name: string, type: Column['type'], isAlwaysThere = false): Column {
  return { kind: 'column', name, type, compare: 'exact', isAlwaysThere }
}

/** v1.2 calls some tokens by other words; v1.1 does not show those that only v1.2 knows. */
function shownToken(name: string, { inV1p2, addedInV1p2 }: TokenField, version: Version): Pick<Column, 'shown'> {
  const column = `r."${name}"`
  const replaced =
    version === 'v1p2'
      ? Object.entries(inV1p2 ?? {}).map(([token, word]) => `when '${token}' then '${word}'`)
      : (addedInV1p2 ?? []).map((token) => `when '${token}' then null`)
  return replaced.length === 0 ? {} : { shown: `case ${column} ${replaced.join(' ')} else ${column} end` }
}

/** SQL on `r` for a column's value. */
export function columnSql({ name, shown }: Pick<Column, 'name' | 'shown'>): string {
  return shown ?? `r."${name}"`
}
