// Makes a typed row of what a source delivered, undoing PowerSchool's guesses: numbers as text, one object for a list, "" for nothing.
import type { GroupShape, RowShape, ScalarType, Shape } from './shape.ts'

type CellScalar = string | number | boolean
/** Null is blank. Objects stand inside lists only and hold the declared members that are not blank. */
type Cell = null | CellScalar | readonly (CellScalar | object)[]
export type Row = readonly Cell[]

interface CoercionProblem {
  /** The dotted path of the column. */
  readonly path: string
  /** The type that was found, never the value. */
  readonly found: string
}

interface Coerced {
  readonly row: Row
  readonly problems: readonly CoercionProblem[]
}

type Complain = (path: string, found: string) => void
/** Writes the cells of one member of the raw object into the row. */
type Fill = (raw: unknown, row: Cell[], complain: Complain) => void
/** The typed value, null when blank, undefined when it cannot be coerced. */
type Coercer = (raw: unknown) => CellScalar | null | undefined
type ListMember = (raw: unknown, complain: Complain) => CellScalar | object | null

const compiled = new WeakMap<RowShape, Fill>()

/** The row of a raw object. What cannot be coerced is blank and a problem; undeclared columns are dropped. Never throws. */
export function coerceRow(shape: RowShape, raw: unknown): Coerced {
  let fill = compiled.get(shape)
  if (fill === undefined) {
    fill = fillGroup(shape, '')
    compiled.set(shape, fill)
  }
  const row: Cell[] = new Array<Cell>(shape.width).fill(null)
  let problems: CoercionProblem[] | undefined
  fill(raw, row, (path, found) => {
    problems ??= []
    problems.push({ path, found })
  })
  return { row, problems: problems ?? NONE }
}

const NONE: readonly CoercionProblem[] = []

function fillGroup(shape: GroupShape, path: string): Fill {
  const members = [...shape.members].map(([name, member]) => ({
    name,
    fill: fillMember(member, path === '' ? name : `${path}.${name}`),
  }))
  return (raw, row, complain) => {
    if (isNothing(raw)) return
    if (!isObject(raw)) return complain(path, typeName(raw))
    for (const member of members) member.fill(raw[member.name], row, complain)
  }
}

function fillMember(shape: Shape, path: string): Fill {
  if (shape.kind === 'group') return fillGroup(shape, path)
  const { slot } = shape
  if (shape.kind === 'list') {
    const read = readList(shape.of, path)
    return (raw, row, complain) => {
      const list = read(raw, complain)
      if (list.length > 0) row[slot] = list
    }
  }
  const coerce = COERCERS[shape.type]
  return (raw, row, complain) => {
    const value = coerce(raw)
    if (value === undefined) complain(path, typeName(raw))
    else row[slot] = value
  }
}

/** One-or-many: a single object or scalar where a list is declared is a list of one. */
function readList(of: Shape, path: string): (raw: unknown, complain: Complain) => (CellScalar | object)[] {
  const member = readMember(of, path)
  return (raw, complain) => {
    const list: (CellScalar | object)[] = []
    for (const item of Array.isArray(raw) ? raw : [raw]) {
      const value = member(item, complain)
      if (value !== null) list.push(value)
    }
    return list
  }
}

function readMember(shape: Shape, path: string): ListMember {
  if (shape.kind === 'list') return readList(shape.of, path)
  if (shape.kind === 'group') return readObject(shape, path)
  const coerce = COERCERS[shape.type]
  return (raw, complain) => {
    const value = coerce(raw)
    if (value === undefined) complain(path, typeName(raw))
    return value ?? null
  }
}

function readObject(shape: GroupShape, path: string): ListMember {
  const members = [...shape.members].map(([name, member]) => ({
    name,
    read: readMember(member, path === '' ? name : `${path}.${name}`),
  }))
  return (raw, complain) => {
    if (isNothing(raw)) return null
    if (!isObject(raw)) {
      complain(path, typeName(raw))
      return null
    }
    const object: Record<string, CellScalar | object | null> = {}
    for (const member of members) object[member.name] = member.read(raw[member.name], complain)
    return object
  }
}

/** Blank is handled here too, so that a cell's path through the code is one call. */
const COERCERS: Readonly<Record<ScalarType, Coercer>> = {
  text: (raw) => {
    if (typeof raw === 'string') return raw.trim() || null
    if (typeof raw === 'number' || typeof raw === 'boolean') return String(raw)
    return raw === null || raw === undefined ? null : undefined
  },
  integer: (raw) => {
    if (typeof raw === 'string') return raw.trim() === '' ? null : integerOf(raw.trim())
    if (typeof raw === 'number') return Number.isSafeInteger(raw) ? raw : undefined
    return raw === null || raw === undefined ? null : undefined
  },
  number: (raw) => {
    if (typeof raw === 'string') return raw.trim() === '' ? null : numberOf(raw.trim())
    if (typeof raw === 'number') return Number.isFinite(raw) ? raw : undefined
    return raw === null || raw === undefined ? null : undefined
  },
  boolean: (raw) => {
    if (typeof raw === 'boolean') return raw
    if (raw === null || raw === undefined) return null
    const text = typeof raw === 'string' || typeof raw === 'number' ? String(raw).trim().toLowerCase() : '?'
    return text === '' ? null : BOOLEANS.get(text)
  },
  date: (raw) => {
    if (typeof raw === 'string') return raw.trim() === '' ? null : dateOf(raw.trim())
    return raw === null || raw === undefined ? null : undefined
  },
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
])

function integerOf(text: string): number | undefined {
  const value = /^[+-]?\d+(?:\.0+)?$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(value) ? value : undefined
}

function numberOf(text: string): number | undefined {
  const value = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : undefined
}

const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** The calendar day of `YYYY-MM-DD`, with a time part cut off. */
function dateOf(text: string): string | undefined {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)(?:[T ].*)?$/.exec(text) ?? []
  if (year === undefined || month === undefined || day === undefined) return undefined
  const y = Number(year)
  const isLeap = (y % 4 === 0 && y % 100 !== 0) || y % 400 === 0
  const last = month === '02' && isLeap ? 29 : (DAYS_IN_MONTH[Number(month) - 1] ?? 0)
  return y > 0 && day !== '00' && Number(day) <= last ? `${year}-${month}-${day}` : undefined
}

function isNothing(raw: unknown): raw is null | undefined | string {
  return raw === null || raw === undefined || (typeof raw === 'string' && raw.trim() === '')
}

const isObject = (raw: unknown): raw is Readonly<Record<string, unknown>> =>
  typeof raw === 'object' && raw !== null && !Array.isArray(raw)

function typeName(raw: unknown): string {
  if (Array.isArray(raw)) return 'list'
  if (raw === null || raw === undefined) return 'blank'
  return { string: 'text', number: 'number', boolean: 'boolean' }[typeof raw as string] ?? 'group'
}
