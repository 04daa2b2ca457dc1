// What the checker knows of a value before anything runs: which types go together, and how a mismatch is told.

export type StaticType =
  | { readonly kind: 'text' | 'integer' | 'number' | 'boolean' | 'date' | 'blank' | 'any' }
  | { readonly kind: 'list'; readonly of: StaticType }
  /** A row or group; `shape` is the checker's own. */
  | { readonly kind: 'row'; readonly shape: unknown }

/** The kinds of value that a parameter can ask for. */
export type Takes = 'text' | 'printable' | 'number' | 'integer' | 'boolean' | 'date' | 'scalars' | 'texts' | 'anything'

interface Demand {
  readonly says: string
  /** Scalar kinds that fit; `blank` and `any` always do. */
  readonly kinds: readonly StaticType['kind'][]
  /** Whether lists of such members fit as well. */
  readonly lists: boolean
}

const SCALARS = ['text', 'date', 'integer', 'number', 'boolean'] as const

const DEMANDS: Readonly<Record<Takes, Demand>> = {
  text: { says: 'text', kinds: ['text', 'date'], lists: false },
  printable: { says: 'text or number', kinds: ['text', 'date', 'integer', 'number'], lists: false },
  number: { says: 'number', kinds: ['integer', 'number'], lists: false },
  integer: { says: 'integer', kinds: ['integer'], lists: false },
  boolean: { says: 'boolean', kinds: ['boolean'], lists: false },
  date: { says: 'date', kinds: ['date'], lists: false },
  scalars: { says: 'texts, numbers or lists of them', kinds: SCALARS, lists: true },
  texts: { says: 'a list of texts', kinds: ['text', 'date'], lists: true },
  anything: { says: 'anything', kinds: [...SCALARS, 'row'], lists: true },
}

/** Undefined when a value of this type fits, else what to tell: "takes text, this gives integer. Wrap it in text( )." */
export function mismatch(takes: Takes, type: StaticType): string | undefined {
  const demand = DEMANDS[takes]
  const fitting = demand.lists ? memberType(type) : type
  if (fitting.kind === 'any' || fitting.kind === 'blank' || demand.kinds.includes(fitting.kind)) return undefined
  const advice = ADVICE.find(
    ({ wants, gives }) => wants.includes(takes) && gives.includes(demand.lists ? fitting.kind : type.kind),
  )
  return `takes ${demand.says}, this gives ${describeType(type)}.${advice ? ` ${advice.says}` : ''}`
}

const ADVICE: readonly { wants: readonly Takes[]; gives: readonly StaticType['kind'][]; says: string }[] = [
  { wants: ['text', 'texts'], gives: ['integer', 'number', 'boolean'], says: 'Wrap it in text( ).' },
  { wants: ['printable'], gives: ['boolean'], says: 'Wrap it in text( ).' },
  { wants: ['number'], gives: ['text'], says: 'Wrap it in number( ).' },
  { wants: ['integer'], gives: ['text'], says: 'Wrap it in round(number( )).' },
  { wants: ['integer'], gives: ['number'], says: 'Wrap it in round( ).' },
  { wants: ['date'], gives: ['text'], says: 'Wrap it in date( ) with its format.' },
  { wants: ['boolean'], gives: ['text', 'integer', 'number', 'date'], says: 'Compare it with something.' },
  { wants: ['boolean'], gives: ['list'], says: 'Ask for `count( ) > 0`.' },
  { wants: ['text', 'printable', 'number', 'integer', 'date'], gives: ['list'], says: 'Wrap it in first( ).' },
  {
    wants: ['text', 'printable', 'number', 'integer', 'date', 'texts', 'scalars'],
    gives: ['row'],
    says: 'Name one of its columns.',
  },
]

/** `integer`, `list of text`, `row`. */
export function describeType(type: StaticType): string {
  return type.kind === 'list' ? `list of ${describeType(type.of)}` : type.kind
}

/** What the members of a list are, lists inside lists opened; a type that is no list is its own. */
export function memberType(type: StaticType): StaticType {
  return type.kind === 'list' ? memberType(type.of) : type
}

/** The one type that values of both types have, or undefined when an integer meets a text and the like. */
export function unifyTypes(a: StaticType, b: StaticType): StaticType | undefined {
  if (a.kind === 'blank') return b
  if (b.kind === 'blank') return a
  if (a.kind === 'any' || b.kind === 'any') return { kind: 'any' }
  if (a.kind === 'list' && b.kind === 'list') {
    const of = unifyTypes(a.of, b.of)
    return of && { kind: 'list', of }
  }
  if (a.kind === 'row' && b.kind === 'row') return a.shape === b.shape ? a : undefined
  if (a.kind === b.kind) return a
  const kinds = [a.kind, b.kind]
  if (kinds.includes('integer') && kinds.includes('number')) return { kind: 'number' }
  return kinds.includes('date') && kinds.includes('text') ? { kind: 'text' } : undefined
}
