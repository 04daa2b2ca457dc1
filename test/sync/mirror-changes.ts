// Changes of a district at random, each of a kind that a crawl must not miss.
import type { District } from '../../fixtures/powerschool/district.ts'
import {
  addStudent,
  deleteRow,
  drop,
  enroll,
  renameStudent,
  transferStudent,
} from '../../fixtures/powerschool/mutations.ts'

type Random = () => number

function pick({ db }: District, random: Random, query: string): number | undefined {
  const rows = db.prepare(query).all()
  const row = rows[Math.floor(random() * rows.length)]
  return row === undefined ? undefined : Number(Object.values(row)[0])
}

export const ENROLLED = `select dcid from cc where sectionid > 0 order by dcid`
export const STUDENTS = `select dcid from students where enroll_status = 0 order by dcid`
/** Of this school year, with students in them. */
export const SECTIONS = `select distinct n.dcid from sections n join cc on cc.sectionid = n.id order by n.dcid`
const SCHOOLS = `select school_number from schools where school_number between 1 and 999998 order by school_number`

/** One row out and one in: the count stays. Answers the section. */
export function swap(district: District, random: Random): number | undefined {
  const gone = pick(district, random, ENROLLED)
  if (gone === undefined) return undefined
  const section = Number(
    district.db.prepare(`select n.dcid from sections n join cc on cc.sectionid = n.id where cc.dcid = ?`).get(gone)
      ?.dcid,
  )
  deleteRow(district, 'cc', gone)
  const student = pick(district, random, STUDENTS)
  if (student !== undefined) enroll(district, student, section)
  return section
}

/** With all that is scheduled into it. */
export function removeSection({ db }: District, dcid: number): void {
  db.prepare(`delete from cc where abs(sectionid) = (select id from sections where dcid = ?)`).run(dcid)
  db.prepare(`delete from sections where dcid = ?`).run(dcid)
}

const CHANGES: Readonly<Record<string, (district: District, random: Random) => void>> = {
  drop(district, random) {
    const enrolled = pick(district, random, ENROLLED)
    if (enrolled !== undefined) drop(district, enrolled)
  },
  date(district, random) {
    const enrolled = pick(district, random, ENROLLED)
    const day = `2026-11-${10 + Math.floor(random() * 20)}`
    if (enrolled !== undefined) district.db.prepare('update cc set dateleft = ? where dcid = ?').run(day, enrolled)
  },
  swap,
  enroll(district, random) {
    const [student, section] = [pick(district, random, STUDENTS), pick(district, random, SECTIONS)]
    if (student !== undefined && section !== undefined) enroll(district, student, section)
  },
  first(district, random) {
    const school = pick(district, random, SCHOOLS)
    const letters = String.fromCharCode(...[0, 0, 0].map(() => 65 + Math.floor(random() * 26)))
    if (school !== undefined) addStudent(district, school, { last_name: letters, lastfirst: `${letters}, Nova` })
  },
  rename(district, random) {
    const student = pick(district, random, STUDENTS)
    if (student !== undefined) renameStudent(district, student, 'Robin', `Renamed${Math.floor(random() * 1e6)}`)
  },
  transfer(district, random) {
    const [student, school] = [pick(district, random, STUDENTS), pick(district, random, SCHOOLS)]
    if (student !== undefined) transferStudent(district, student, random() < 0.5 ? null : (school ?? null))
  },
  section(district, random) {
    const section = pick(district, random, SECTIONS)
    if (section !== undefined) removeSection(district, section)
  },
  // A course of the district becomes one of a single school, or the other way round.
  course(district, random) {
    const course = pick(district, random, 'select dcid from courses order by dcid')
    const school = random() < 0.5 ? 0 : pick(district, random, SCHOOLS)
    district.db.prepare('update courses set schoolid = ? where dcid = ?').run(school ?? 0, course ?? 0)
  },
  // Text where the mapping wants a number: a problem that the report must tell as long as it lasts.
  problem(district, random) {
    const value = random() < 0.5 ? 'second' : 2
    const student = pick(district, random, STUDENTS)
    district.db.prepare('update students set grade_level = ? where dcid = ?').run(value, student ?? 0)
  },
}

/** Makes up to `most` changes and tells which. */
export function changeAtRandom(district: District, random: Random, most: number): string[] {
  const names = Object.keys(CHANGES)
  const made = Array.from(
    { length: Math.floor(random() * (most + 1)) },
    () => names[Math.floor(random() * names.length)] ?? '',
  )
  for (const name of made) CHANGES[name]?.(district, random)
  return made
}
