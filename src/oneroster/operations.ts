// How a path finds its operation, and what a nested path's parents are.
import { type Collection, type Entity, isStored } from './model.ts'
import type { Condition, PathParameters } from './nested-sql.ts'
import { OPERATION_ROWS, type OperationRow } from './operation-table.ts'
import { SERVICES, type Service } from './services.ts'

export interface Operation extends OperationRow {
  readonly isSingle: boolean
  /** What the path is nested in, from the outside in. */
  readonly parents: readonly Parent[]
}

/** An operation on records that the store keeps. */
export type StoredOperation = Operation & { readonly entity: Collection }

export function isOfStored(operation: Operation): operation is StoredOperation {
  return isStored(operation.entity)
}

export interface Parent {
  readonly entity: Entity
  /** The parameter of the path that holds its sourcedId. */
  readonly parameter: string
  readonly subtype: Condition | undefined
}

export interface MatchedOperation<O extends Operation = Operation> {
  readonly operation: O
  /** By name, percent-decoded. */
  readonly parameters: PathParameters
  /** What the path allows, for `Allow`. */
  readonly methods: readonly string[]
}

/** The operations of a service, in the standard's order. */
export function operationsOf({ version, parts }: Pick<Service, 'version' | 'parts'>): readonly Operation[] {
  const has = ({ part, only }: OperationRow) => parts.includes(part) && (only === undefined || only === version)
  return OPERATION_ROWS.filter(has).map((row) => ({
    ...row,
    isSingle: row.path.endsWith('/{id}'),
    parents: parentsOf(row),
  }))
}

/**
 * The operation of a raw path below the service's base. Literals match in any case; doubled and trailing slashes are
 * forgiven. Undefined for an unknown path or broken percent-encoding.
 */
export function matchOperation(service: Service, path: string): MatchedOperation | undefined {
  let shape = ''
  const values: string[] = []
  let count = 0
  for (const raw of path.split('/')) {
    if (raw === '') continue
    const segment = raw.includes('%') ? decode(raw) : raw
    if (segment === undefined) return undefined
    if (count % 2 === 0) shape += `/${segment.toLowerCase()}`
    else values.push(segment)
    count += 1
  }
  const found = BY_SHAPE.get(service)?.get(`${count} ${shape}`)
  if (found === undefined) return undefined
  const { operation, names } = found
  const parameters: Record<string, string> = {}
  names.forEach((name, index) => {
    parameters[name] = values[index] ?? ''
  })
  return { operation, parameters, methods: operation.isWriteOnly ? NO_METHODS : READING }
}

const READING = ['GET', 'HEAD'] as const
const NO_METHODS: readonly string[] = []

interface Shaped {
  readonly operation: Operation
  /** Of the path's parameters, in order. */
  readonly names: readonly string[]
}

/** By the number of segments and the literals among them, which are every second one; a decoded slash changes neither. */
const BY_SHAPE: ReadonlyMap<Service, ReadonlyMap<string, Shaped>> = new Map(
  SERVICES.map((service) => [service, new Map(operationsOf(service).map(shaped))]),
)

function shaped(operation: Operation): readonly [shape: string, shaped: Shaped] {
  const segments = operation.path.split('/')
  const literals = segments.filter((_, index) => index % 2 === 0).map((literal) => `/${literal.toLowerCase()}`)
  const names = segments.filter((_, index) => index % 2 === 1).map((name) => name.slice(1, -1))
  return [`${segments.length} ${literals.join('')}`, { operation, names }]
}

/** Every `literal/{parameter}` before the last literal names a parent, of the sort that `literal/{id}` reads. */
function parentsOf({ path }: OperationRow): readonly Parent[] {
  const segments = path.split('/').slice(0, -1)
  return segments.flatMap((literal, index) => {
    const parameter = segments[index + 1]
    if (index % 2 === 1 || parameter === undefined) return []
    const single = OPERATION_ROWS.find((row) => row.path === `${literal}/{id}`)
    if (single === undefined) throw new Error(`No operation reads one of ${literal}`)
    return [{ entity: single.entity, parameter: parameter.slice(1, -1), subtype: single.subtype }]
  })
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    // decodeURIComponent has no other failure than a malformed escape.
    return undefined
  }
}
