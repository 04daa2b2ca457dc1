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
  const segments: string[] = []
  for (const raw of path.split('/')) {
    if (raw === '') continue
    const segment = decode(raw)
    if (segment === undefined) return undefined
    segments.push(segment)
  }
  const operation = BY_SHAPE.get(service)?.get(shapeOf(segments))
  if (operation === undefined) return undefined
  const names = operation.path.split('/')
  const parameters = Object.fromEntries(
    segments.flatMap((segment, index) => (index % 2 === 1 ? [[names[index]?.slice(1, -1) ?? '', segment]] : [])),
  )
  return { operation, parameters, methods: operation.isWriteOnly ? [] : ['GET', 'HEAD'] }
}

const BY_SHAPE: ReadonlyMap<Service, ReadonlyMap<string, Operation>> = new Map(
  SERVICES.map((service) => [
    service,
    new Map(operationsOf(service).map((operation) => [shapeOf(operation.path.split('/')), operation])),
  ]),
)

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

/** Every second segment is a literal. The count keeps a decoded slash from passing for a separator. */
function shapeOf(segments: readonly string[]): string {
  const literals = segments.map((segment, index) => (index % 2 === 0 ? segment.toLowerCase() : '*'))
  return `${segments.length} ${literals.join('/')}`
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    // decodeURIComponent has no other failure than a malformed escape.
    return undefined
  }
}
