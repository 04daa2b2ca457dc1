// What happens in the benched district between two syncs: so many changes, others each time, the same ones in every run.
import type { District } from '../../fixtures/powerschool/district.ts'
import { drop, enroll, renameStudent } from '../../fixtures/powerschool/mutations.ts'

/** Of a hundred changes; what is left are renames. A class taken up or left costs the simulator a look at all of them. */
const DROPPED = 0.3
const ENROLLED = 0.3
const MOST_ENROLLED = 50

/** Spreads rows over the district, other ones for each `salt`: neighbours would fall on few pages. */
const SPREAD = '(dcid * 7919 + ? * 104729) % 1000003'

/** Renames active students, drops current enrollments and adds new ones; `count` in all, or refuses. */
export function changeDistrict(district: District, count: number, salt: number): void {
  const enrolled = Math.min(MOST_ENROLLED, Math.round(count * ENROLLED))
  const dropped = Math.round(count * DROPPED)
  const { db } = district
  db.exec('begin')
  try {
    const [newcomers, renamed] = splitAt(pickStudents(district, count - dropped, salt), enrolled)
    const drops = pickEnrollments(district, dropped, salt)
    if (renamed.length + newcomers.length + drops.length < count) {
      throw new RangeError(`The district is too small for ${count} changes; generate more students.`)
    }
    for (const dcid of newcomers) enroll(district, dcid, pickSection(district, dcid))
    for (const dcid of renamed) renameStudent(district, dcid, `Nova${salt}`, `Newname${dcid}`)
    for (const dcid of drops) drop(district, dcid)
    db.exec('commit')
  } catch (error) {
    db.exec('rollback')
    throw error
  }
}

function splitAt<T>(list: readonly T[], index: number): [T[], T[]] {
  return [list.slice(0, index), list.slice(index)]
}

function pickStudents({ db, today }: District, count: number, salt: number): number[] {
  const rows = db
    .prepare(
      `select dcid from students s where enroll_status = 0 and exists (
         select 1 from sections n join terms t on t.id = n.termid and t.schoolid = n.schoolid
         where n.schoolid = s.schoolid and t.firstday <= ? and t.lastday > ?)
       order by ${SPREAD}, dcid limit ?`,
    )
    .all(today, today, salt, count)
  return rows.map(({ dcid }) => Number(dcid))
}

function pickEnrollments({ db, today }: District, count: number, salt: number): number[] {
  const rows = db
    .prepare(
      `select dcid from cc where sectionid > 0 and dateenrolled < ? and dateleft > ?
         and sectionid in (select n.id from sections n join terms t on t.id = n.termid and t.schoolid = n.schoolid
           where t.firstday <= ? and t.lastday > ?)
       order by ${SPREAD}, dcid limit ?`,
    )
    .all(today, today, today, today, salt, count)
  return rows.map(({ dcid }) => Number(dcid))
}

/** A section of the student's school that meets now and that the student has never been in. */
function pickSection({ db, today }: District, student: number): number {
  const row = db
    .prepare(
      `select n.dcid from students s
       join sections n on n.schoolid = s.schoolid join terms t on t.id = n.termid and t.schoolid = n.schoolid
       where s.dcid = ? and t.firstday <= ? and t.lastday > ?
         and not exists (select 1 from cc where cc.studentid = s.id and abs(cc.sectionid) = n.id)
       order by n.dcid limit 1`,
    )
    .get(student, today, today)
  if (row === undefined) throw new RangeError(`The student ${student} takes every section of the school.`)
  return Number(row.dcid)
}
