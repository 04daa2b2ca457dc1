// Syncs as ratios to a bare drain of the same PowerSchool pages: fetched, JSON.parse, and nothing else.
import { join } from 'node:path'
import { Agent, fetch } from 'undici'
import { bridgeEnvironment, connectBridge, type Sync, secondsOf } from './bridge-client.ts'
import { type Figure, median, millisecondsOf, note, ratio } from './measure.ts'
import { type MemoryPeak, type PowerSchoolProcess, startServerProcess } from './processes.ts'

const CONNECTIONS = 8
const PAGE_SIZE = 100

interface SyncBench {
  readonly powerSchool: PowerSchoolProcess
  readonly folder: string
  readonly rounds: number
}

/** First and unchanged syncs, interleaved with the bare drain; the last round's data are kept for the reads. */
export async function benchSyncs({
  powerSchool,
  folder,
  rounds,
}: SyncBench): Promise<{ figures: Figure[]; dataDir: string }> {
  const pages = await pagesOf(powerSchool)
  const times = { bare: [] as number[], first: [] as number[], again: [] as number[] }
  let dataDir = ''
  let first: Sync | undefined
  let again: Sync | undefined
  let memory: MemoryPeak = { heapMb: 0, rssMb: 0 }
  for (let round = 0; round < rounds; round++) {
    times.bare.push((await millisecondsOf(() => drain(powerSchool, pages))) / 1_000)
    dataDir = join(folder, `data-${round}`)
    const bridge = await startServerProcess('bridge-process.ts', bridgeEnvironment(powerSchool, dataDir))
    const client = await connectBridge(bridge.url)
    first = await client.latestSync()
    times.first.push(secondsOf(first))
    memory = await bridge.memory()
    again = await client.sync()
    times.again.push(secondsOf(again))
    await client.close()
    await bridge.stop()
  }
  const bare = median(times.bare)
  const written = Object.values(again?.counts ?? {}).reduce(
    (sum, { added, changed, removed }) => sum + added + changed + removed,
    0,
  )
  return {
    dataDir,
    figures: [
      note('published', describe(first)),
      note('bare drain of the same pages', `${pages.length} pages, ${bare.toFixed(1)} s`),
      note('first sync', `${median(times.first).toFixed(1)} s ${stages(first)}`),
      note('unchanged resync', `${median(times.again).toFixed(1)} s ${stages(again)}`),
      ratio('first sync ÷ bare drain', median(times.first) / bare, { most: 9 }),
      ratio('unchanged resync ÷ bare drain', median(times.again) / bare, { most: 4.5 }),
      ratio('records written by the unchanged resync', written, { most: 0 }),
      ratio('heap of a sync, MB', memory.heapMb, { most: 250 }),
      note('RSS of a sync, MB', String(memory.rssMb)),
    ],
  }
}

function describe(sync: Sync | undefined): string {
  const { users, enrollments } = sync?.counts ?? {}
  return `${users?.active} users, ${enrollments?.active} enrollments`
}

function stages(sync: Sync | undefined): string {
  const { crawlMs = 0, mapMs = 0, publishMs = 0 } = sync?.report?.durations ?? {}
  return `(crawl ${(crawlMs / 1_000).toFixed(1)}, map and write ${(mapMs / 1_000).toFixed(1)}, publish ${(publishMs / 1_000).toFixed(1)})`
}

/** The list pages that a sync reads, without its counts: made from the district's tables, not from the bridge. */
async function pagesOf({ sql }: PowerSchoolProcess): Promise<string[]> {
  const schools = await sql(`select dcid from schools where school_number not in (0, 999999) order by dcid`)
  const today = new Date().getUTCFullYear()
  const [year] = await sql(
    `select max(yearid) + 1990 as start from terms where portion = 1 and firstday <= date('now') and lastday >= date('now')`,
  )
  const sections = await sql(
    `with taught as (select abs(sectionid) as id, count(*) as rows from cc group by abs(sectionid))
     select n.dcid, coalesce(taught.rows, 0) as rows from sections n
     join schools s on s.school_number = n.schoolid and s.school_number not in (0, 999999)
     left join taught on taught.id = n.id where n.termid / 100 = ?`,
    [Number(year?.start) - 1990],
  )
  const [students] = await sql(`select count(*) as rows from students where enroll_status in (0, -1)`)
  const expansions = 'demographics,ethnicity_race,phones,contact_info,school_enrollment'
  const paged = (path: string, query: string, rows: number) =>
    Array.from(
      { length: Math.max(1, Math.ceil(rows / PAGE_SIZE)) },
      (_, page) => `${path}?${query}page=${page + 1}&pagesize=${PAGE_SIZE}`,
    )
  const q = encodeURIComponent('school_enrollment.enroll_status==(A,P)')
  const bySchool = await Promise.all(
    schools.map(async ({ dcid }) => {
      const of = `/ws/v1/school/${dcid}`
      const count = async (statement: string) => Number((await sql(statement, [Number(dcid)]))[0]?.rows)
      const here = `(select school_number from schools where dcid = ?)`
      const courses = await count(`select count(*) as rows from courses where schoolid in (0, ${here})`)
      const staff = await count(`select count(*) as rows from schoolstaff where status = 1 and schoolid = ${here}`)
      const taught = await count(
        `select count(*) as rows from sections where schoolid = ${here} and termid / 100 = ${Number(year?.start) - 1990}`,
      )
      return [
        ...[today - 2, today - 1, today, today + 1].flatMap((start) =>
          paged(`${of}/term`, `q=start_year%3D%3D${start}&`, 1),
        ),
        ...paged(`${of}/course`, '', courses),
        ...paged(`${of}/staff`, 'expansions=emails,school_affiliations&', staff),
        ...paged(`${of}/section`, `q=term.start_year%3D%3D${year?.start}&`, taught),
      ]
    }),
  )
  return [
    ...bySchool.flat(),
    ...paged('/ws/v1/district/student', `q=${q}&expansions=${expansions}&`, Number(students?.rows)),
    ...sections.flatMap(({ dcid, rows }) => paged(`/ws/v1/section/${dcid}/section_enrollment`, '', Number(rows))),
  ]
}

async function drain({ url, clientId, clientSecret }: PowerSchoolProcess, pages: readonly string[]): Promise<void> {
  const dispatcher = new Agent({ connections: CONNECTIONS, pipelining: 1 })
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
  const granted = await fetch(`${url}/oauth/access_token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials',
  })
  const { access_token: token } = (await granted.json()) as { access_token: string }
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' }
  let next = 0
  const work = async () => {
    while (next < pages.length) {
      const page = pages[next++] ?? ''
      const answer = await fetch(url + page, { headers, dispatcher })
      if (answer.status !== 200) throw new Error(`${page} answered ${answer.status}`)
      JSON.parse(await answer.text())
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, work))
  await dispatcher.close()
}
