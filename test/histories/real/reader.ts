// A reader of a real bridge: pulls by HTTP, a copy, and what can be told from outside.
import { base64url } from 'jose'
import { headerOf, sign } from '../../auth/oauth1/signer.ts'
import { COLLECTIONS, type Collection, contentOf, type Json } from '../content.ts'
import { withQuery } from '../readers/access.ts'
import { addressOf, type Filter, type List, parametersOf } from '../readers/list.ts'
import type { Tally } from '../tally.ts'
import type { Verdict } from '../violations.ts'

export interface RealReaderPlan {
  readonly name: string
  readonly id: string
  readonly secret: string
  readonly access: 'token-a-run' | 'token-a-request' | 'oauth1'
  readonly strategy: 'full' | 'delta-by-list' | 'delta-by-run'
  readonly limit: number
  readonly isParallel: boolean
  /** How long it waits at most between two pages. */
  readonly betweenPagesMs: number
}

export interface RealScene {
  readonly url: () => string | undefined
  readonly publicUrl: string
  readonly pinLifetimeMs: number
  readonly verdict: Verdict
  readonly tally: Tally
  /** A random number below the bound. */
  readonly below: (bound: number) => number
  readonly wait: (ms: number) => Promise<void>
}

export interface RealReader {
  readonly name: string
  run(): Promise<void>
  /** Active records: id → dateLastModified and what it says. */
  readonly copies: ReadonlyMap<Collection, ReadonlyMap<string, string>>
  readonly records: ReadonlyMap<Collection, ReadonlyMap<string, Json>>
}

class GivenUp extends Error {}

const ATTEMPTS = 200

export function createRealReader(scene: RealScene, plan: RealReaderPlan): RealReader {
  const { verdict, tally } = scene
  const copies = new Map<Collection, Map<string, string>>()
  const latest = new Map<Collection, Map<string, Json>>()
  const cursors = new Map<Collection, number>()
  let token: string | undefined

  async function attempt(method: string, url: string, headers: Record<string, string>, body?: string) {
    return fetch(url, { method, headers, ...(body === undefined ? {} : { body }) }).then(
      async (answer) => ({ status: answer.status, headers: answer.headers, text: await answer.text() }),
      // No connection, or one that ended half-way.
      () => undefined,
    )
  }

  async function authorize(url: string, address: string, query: readonly (readonly [string, string])[]) {
    if (plan.access === 'oauth1') {
      const oauth = {
        oauth_timestamp: String(Math.floor(Date.now() / 1_000)),
        oauth_nonce: base64url.encode(crypto.getRandomValues(new Uint8Array(9))),
      }
      const made = sign({ key: plan.id, secret: plan.secret, url: `${scene.publicUrl}${address}`, query, oauth })
      return { sent: made.url.slice(scene.publicUrl.length), authorization: headerOf(made.oauth) }
    }
    if (token === undefined) {
      const authorization = `Basic ${btoa(`${plan.id}:${plan.secret}`)}`
      const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' }
      const answer = await attempt('POST', `${url}/oauth/token`, headers, 'grant_type=client_credentials')
      if (answer === undefined) return undefined
      if (answer.status !== 200) throw unexpected(`a token request`, answer)
      token = String((JSON.parse(answer.text) as Json).access_token)
    }
    const authorization = `Bearer ${token}`
    if (plan.access === 'token-a-request') token = undefined
    return { sent: withQuery(address, query), authorization }
  }

  function unexpected(what: string, { status, text }: { status: number; text: string }): GivenUp {
    verdict.report('answer-unexpected', `${plan.name}: ${what} got ${status}: ${text.slice(0, 300)}`)
    return new GivenUp()
  }

  async function page(list: List, filter: Filter, offset: number, usedMs: number | undefined) {
    for (let tries = 1; tries <= ATTEMPTS; tries += 1) {
      const url = scene.url()
      if (url !== undefined) {
        const paging = [
          ['limit', String(plan.limit)],
          ['offset', String(offset)],
        ] as const
        const shown = await authorize(url, addressOf(list), [...parametersOf(list, filter), ...paging])
        // Half of it, for what lies between this clock and the bridge's.
        if (usedMs !== undefined && Date.now() - usedMs > scene.pinLifetimeMs / 2) throw new GivenUp()
        const sentMs = Date.now()
        const { authorization } = shown ?? { authorization: '' }
        const answer = shown && (await attempt('GET', `${url}${shown.sent}`, { authorization }))
        tally.add('real: requests')
        if (answer?.status === 200) {
          const total = Number(answer.headers.get('x-total-count') ?? Number.NaN)
          const body = JSON.parse(answer.text) as Readonly<Record<string, readonly Json[]>>
          return { records: body[list.collection] ?? [], total, sentMs }
        }
        const mayWait = answer?.status === 503 && cursors.size === 0 && answer.headers.has('retry-after')
        if (answer !== undefined && !mayWait) throw unexpected(`${list.path} ${offset}`, answer)
      }
      await scene.wait(20 + scene.below(150))
    }
    throw new GivenUp()
  }

  async function pull(list: List, filter: Filter): Promise<ReadonlyMap<string, Json>> {
    const name = `${plan.name}: ${list.path} ${filter.since === undefined ? '' : new Date(filter.since).toISOString()}`
    const found = new Map<string, Json>()
    const totals = new Set<number>()
    let usedMs: number | undefined
    const turn = async (offset: number) => {
      const { records, total, sentMs } = await page(list, filter, offset, usedMs)
      usedMs = sentMs
      totals.add(total)
      for (const record of records) {
        const id = String(record.sourcedId)
        if (found.has(id)) verdict.report('record-twice', `${name}: ${id}`)
        found.set(id, record)
      }
      return total
    }
    const total = await turn(0)
    const offsets = Array.from({ length: Math.ceil(total / plan.limit) }, (_, nth) => nth * plan.limit).slice(1)
    if (plan.isParallel) await Promise.all(offsets.map(turn))
    else {
      for (const offset of offsets) {
        await scene.wait(scene.below(plan.betweenPagesMs + 1))
        await turn(offset)
      }
    }
    if (totals.size > 1) verdict.report('total-wavers', `${name}: ${[...totals]}`)
    if (found.size !== total) verdict.report('total-wrong', `${name}: ${found.size} records of ${total}`)
    tally.add('real: pulls')
    tally.add('real: records', found.size)
    return found
  }

  /** The same date means the same content, and another content a later date. */
  function checkDates(collection: Collection, records: ReadonlyMap<string, Json>): void {
    const known = latest.get(collection) ?? new Map<string, Json>()
    latest.set(collection, known)
    for (const [id, record] of records) {
      const before = known.get(id)
      known.set(id, record)
      if (before === undefined) continue
      const [old, date] = [String(before.dateLastModified), String(record.dateLastModified)]
      const name = `${plan.name}: ${collection}/${id}`
      const isSame = contentOf(before) === contentOf(record)
      if (date < old) verdict.report('time-falls', `${name}: ${date} after ${old}`)
      if (!isSame && date === old) verdict.report('change-keeps-time', `${name}: ${date}`)
    }
  }

  async function readList(collection: Collection, runMs: number): Promise<void> {
    const list: List = { collection, path: `/${collection}`, version: 'v1p1' }
    const since = plan.strategy === 'full' ? undefined : cursors.get(collection)
    const notedMs = Date.now()
    const records = await pull(list, since === undefined ? { isActiveOnly: true } : { since })
    checkDates(collection, records)
    const copy = new Map(since === undefined ? [] : copies.get(collection))
    for (const [id, record] of records) {
      if (record.status === 'active') copy.set(id, `${record.dateLastModified} ${contentOf(record)}`)
      else copy.delete(id)
    }
    copies.set(collection, copy)
    cursors.set(collection, plan.strategy === 'delta-by-run' ? runMs : notedMs)
  }

  return {
    name: plan.name,
    copies,
    records: latest,
    async run() {
      token = undefined
      const runMs = Date.now()
      try {
        for (const collection of COLLECTIONS) await readList(collection, runMs)
        tally.add('real: runs')
      } catch (error) {
        if (!(error instanceof GivenUp)) throw error
        tally.add('real: runs given up')
      }
    },
  }
}
