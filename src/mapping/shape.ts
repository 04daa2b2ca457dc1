// The shape of a source's rows: which columns there are, their types, and the slot of each in a stored row.

export const SCALAR_TYPES = ['text', 'integer', 'number', 'boolean', 'date'] as const
export type ScalarType = (typeof SCALAR_TYPES)[number]

interface ScalarShape {
  readonly kind: 'scalar'
  readonly type: ScalarType
  /** Its place in the row; -1 inside a list, whose members are objects. */
  readonly slot: number
}

export interface GroupShape {
  readonly kind: 'group'
  readonly members: ReadonlyMap<string, Shape>
}

interface ListShape {
  readonly kind: 'list'
  readonly of: Shape
  readonly slot: number
}

export type Shape = ScalarShape | GroupShape | ListShape

/** Rows are flat: one slot for each leaf outside lists in declaration order, a list is one slot. */
export interface RowShape extends GroupShape {
  readonly width: number
  /** The dotted path of each slot. */
  readonly paths: readonly string[]
}

/** A column's declaration before slots are given out. */
export type Declared = ScalarType | { readonly group: ReadonlyMap<string, Declared> } | { readonly listOf: Declared }

/** How extension tables begin: those of a district, those of a state. */
export const EXTENSION_TABLE = /^[us]_/i

/** Gives out the slots. */
export function rowShape(columns: ReadonlyMap<string, Declared>): RowShape {
  const paths: string[] = []
  const place = (declared: Declared, path: string): Shape => {
    if (typeof declared === 'string') return { kind: 'scalar', type: declared, slot: paths.push(path) - 1 }
    if ('listOf' in declared) return { kind: 'list', of: inList(declared.listOf), slot: paths.push(path) - 1 }
    return { kind: 'group', members: mapValues(declared.group, (member, name) => place(member, `${path}.${name}`)) }
  }
  const members = mapValues(columns, (declared, name) => place(declared, name))
  return { kind: 'group', members, width: paths.length, paths }
}

function inList(declared: Declared): Shape {
  if (typeof declared === 'string') return { kind: 'scalar', type: declared, slot: -1 }
  if ('listOf' in declared) return { kind: 'list', of: inList(declared.listOf), slot: -1 }
  return { kind: 'group', members: mapValues(declared.group, inList) }
}

function mapValues<A, B>(map: ReadonlyMap<string, A>, change: (value: A, name: string) => B): Map<string, B> {
  return new Map([...map].map(([name, value]) => [name, change(value, name)]))
}

/** The member at a dotted path. */
export function shapeAt(shape: Shape, path: readonly string[]): Shape | undefined {
  const [name, ...rest] = path
  if (name === undefined) return shape
  const member = shape.kind === 'group' ? shape.members.get(name) : undefined
  return member === undefined ? undefined : shapeAt(member, rest)
}

/** The columns and their types as data, in the order of their slots. */
export function namesAndTypes(shape: Shape): unknown {
  switch (shape.kind) {
    case 'scalar':
      return shape.type
    case 'list':
      return [namesAndTypes(shape.of)]
    case 'group':
      return [...shape.members].map(([name, member]) => ({ [name]: namesAndTypes(member) }))
    default:
      return shape satisfies never
  }
}
