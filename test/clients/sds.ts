// School Data Sync with the newer endpoints: a full pull by pages, deltas by time, and what it makes of both.
import { addressesOf, type Entity, recordsOf, totalOf } from './read.ts'
import { faultsOf, SDS_RESOURCES, type SdsResource } from './sds-contract.ts'
import { bearer, type Credentials, fetchToken } from './tokens.ts'
import type { Wire, WireAnswer } from './wire.ts'

/** What SDS holds of a district: the records that it has seen as active. */
export type SdsData = Readonly<Record<SdsResource, ReadonlyMap<string, Entity>>>

/** How the later pages of a delta are found: by counting to X-Total-Count, or by the Link header. */
export type Paging = 'total' | 'link'

export interface Sds {
  /** Everything active, by `offset` and `limit`. */
  fullPull(limit?: number): Promise<SdsData>
  /** What has changed since, deletions among it. Neither `limit` nor `status` is sent. */
  deltaPull(since: string, paging: Paging): Promise<Readonly<Record<SdsResource, readonly Entity[]>>>
  /** One request below the base, with the checks that are made of every answer. */
  get(path: string): Promise<WireAnswer>
}

/** The size of a page whose request names none. */
const DEFAULT_LIMIT = 100
/** The collection fails a page that takes longer. */
const SLOWEST_MS = 30_000

export interface SdsOptions {
  readonly base?: string
  /** The test consumer's unless told. */
  readonly credentials?: Credentials
  /** Sent as Accept-Encoding. */
  readonly encoding?: string
}

/** A run of SDS begins with a token: id and secret in the header alone, and no scope. */
export async function startSds(wire: Wire, options: SdsOptions = {}): Promise<Sds> {
  const { base = '/ims/oneroster/v1p1', credentials, encoding } = options
  const taken = encoding === undefined ? {} : { 'accept-encoding': encoding }
  const token = await fetchToken(wire, credentials === undefined ? {} : { credentials })
  const root = `${wire.publicUrl}${base}`

  const ask = async (address: string): Promise<WireAnswer> => {
    const startedMs = performance.now()
    const answer = await wire.send(address, { headers: { ...bearer(token), accept: 'application/json', ...taken } })
    if (answer.status !== 200) throw new Error(`${address} answered ${answer.status}: ${answer.text}`)
    totalOf(answer)
    if (performance.now() - startedMs > SLOWEST_MS) throw new Error(`${address} took too long`)
    return answer
  }

  const checked = (resource: SdsResource, answer: WireAnswer): readonly Entity[] => {
    const records = recordsOf(answer, resource)
    const faults = records.flatMap((record) => faultsOf(resource, record))
    if (faults.length > 0) throw new Error(faults.slice(0, 5).join('\n'))
    return records
  }

  return {
    get: (path) => ask(`${root}${path}`),

    async fullPull(limit = 5000) {
      return forEachResource(async (resource) => {
        const found = new Map<string, Entity>()
        for (let offset = 0, total = 1; offset < total; offset += limit) {
          const answer = await ask(`${root}/${resource}?offset=${offset}&limit=${limit}&filter=status='active'`)
          total = totalOf(answer)
          for (const record of checked(resource, answer)) {
            if (record.status !== 'active') throw new Error(`${resource}/${record.sourcedId} is ${record.status}`)
            if (found.has(record.sourcedId)) throw new Error(`${resource}/${record.sourcedId} came twice`)
            found.set(record.sourcedId, record)
          }
          if (offset + limit >= total && found.size !== total) {
            throw new Error(`${resource}: ${found.size} records of ${total}`)
          }
        }
        return found
      })
    },

    async deltaPull(since, paging) {
      return forEachResource(async (resource) => {
        const first = `${root}/${resource}?filter=dateLastModified>'${since}'`
        const found: Entity[] = []
        for (let next: string | undefined = first; next !== undefined; ) {
          const answer = await ask(next)
          found.push(...checked(resource, answer))
          if (paging === 'link') next = addressesOf(answer).get('next')
          else next = found.length < totalOf(answer) ? `${first}&offset=${found.length}` : undefined
          if (next !== undefined && found.length % DEFAULT_LIMIT > 0) throw new Error(`${resource}: a short page`)
        }
        return found
      })
    },
  }
}

async function forEachResource<T>(read: (resource: SdsResource) => Promise<T>): Promise<Record<SdsResource, T>> {
  const found: [SdsResource, T][] = []
  for (const resource of SDS_RESOURCES) found.push([resource, await read(resource)])
  // Every resource was read.
  return Object.fromEntries(found) as Record<SdsResource, T>
}

/** Takes a delta in as SDS does: what is active replaces what it held, what is to be deleted goes. */
export function applyDelta(data: SdsData, delta: Readonly<Record<SdsResource, readonly Entity[]>>): SdsData {
  const applied: Record<SdsResource, ReadonlyMap<string, Entity>> = { ...data }
  for (const resource of SDS_RESOURCES) {
    const records = new Map(data[resource])
    for (const record of delta[resource]) {
      if (record.status === 'active') records.set(record.sourcedId, record)
      else records.delete(record.sourcedId)
    }
    applied[resource] = records
  }
  return applied
}

/** Ids in order, so that two states compare whatever the order in which they came. */
export function inOrder(data: SdsData): Record<string, readonly Entity[]> {
  return Object.fromEntries(
    Object.entries(data).map(([resource, records]) => [
      resource,
      [...records.values()].sort((a, b) => (a.sourcedId < b.sourcedId ? -1 : 1)),
    ]),
  )
}
