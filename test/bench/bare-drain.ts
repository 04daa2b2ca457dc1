// The least that a crawl can cost: the same PowerSchool pages fetched, JSON.parse, and nothing else.
import { Agent, fetch } from 'undici'
import type { PowerSchoolProcess } from './processes.ts'

const CONNECTIONS = 8
const PAGE_SIZE = 100

/** The list pages that a sync reads, without its counts: made from the district's tables, not from the bridge. */
export async function pagesOf({ sql }: PowerSchoolProcess): Promise<string[]> {
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

/** How many bytes all pages have, read with so many connections as the benched bridge has; stops between two pages when `isEnough`. */
export async function drain(
  { url, clientId, clientSecret }: PowerSchoolProcess,
  pages: readonly string[],
  isEnough: () => boolean = () => false,
): Promise<number> {
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
  let bytes = 0
  const work = async () => {
    while (next < pages.length && !isEnough()) {
      const page = pages[next++] ?? ''
      const answer = await fetch(url + page, { headers, dispatcher })
      if (answer.status !== 200) throw new Error(`${page} answered ${answer.status}`)
      const body = await answer.arrayBuffer()
      bytes += body.byteLength
      JSON.parse(Buffer.from(body).toString())
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, work))
  await dispatcher.close()
  return bytes
}
