// The least that reading by PowerQueries can cost: the same answers streamed over one connection, and their bytes counted.
import { Agent, fetch } from 'undici'
import { DEFAULT_PLUGIN_QUERIES } from '../../src/config.ts'
import { readProfileMapping } from '../../src/node/mapping-files.ts'
import { crawlSources } from '../../src/sync/crawl-plan.ts'
import type { PowerSchoolProcess } from './processes.ts'

export interface BulkQuery {
  readonly name: string
  readonly body: string
}

/** The queries of a full sync of this district. */
export async function bulkQueries({ sql }: PowerSchoolProcess): Promise<BulkQuery[]> {
  const [year] = await sql(
    `select max(yearid) + 1990 as start from terms where portion = 1 and firstday <= date('now') and lastday >= date('now')`,
  )
  const today = new Date().getUTCFullYear()
  const values: Readonly<Record<string, number>> = {
    start_year: Number(year?.start),
    first_term_year: today - 2,
    last_term_year: today + 1,
  }
  const mapping = readProfileMapping(undefined)
  return crawlSources({ mapping, template: 'powerquery', settings: {}, queryPrefix: DEFAULT_PLUGIN_QUERIES }).flatMap(
    (source) => {
      if (source.kind === 'rest') return []
      const { name, settings } = source.rows
      const body = Object.entries(settings).map(([argument, setting]) => [argument, values[setting]])
      return [{ name, body: JSON.stringify(Object.fromEntries(body)) }]
    },
  )
}

/** Streams all answers, one after the other, and answers how many bytes they have. */
export async function drainBulk(
  { url, clientId, clientSecret }: PowerSchoolProcess,
  queries: readonly BulkQuery[],
): Promise<number> {
  const dispatcher = new Agent({ connections: 1, pipelining: 1, bodyTimeout: 0, headersTimeout: 0 })
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
  const granted = await fetch(`${url}/oauth/access_token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials',
  })
  const { access_token: token } = (await granted.json()) as { access_token: string }
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/json',
    'content-type': 'application/json',
  }
  let bytes = 0
  for (const { name, body } of queries) {
    const path = `/ws/schema/query/${name}?pagesize=0&count=true`
    const answer = await fetch(url + path, { method: 'POST', headers, body, dispatcher })
    if (answer.status !== 200 || answer.body === null) throw new Error(`${name} answered ${answer.status}`)
    for await (const chunk of answer.body) bytes += (chunk as Uint8Array).length
  }
  await dispatcher.close()
  return bytes
}
