// What happens in a district between two runs of a consumer, at random but repeatable.
import type { District } from '../../fixtures/powerschool/district.ts'
import {
  addStudent,
  deleteRow,
  drop,
  enroll,
  renameStudent,
  transferStudent,
} from '../../fixtures/powerschool/mutations.ts'
import type { Random } from '../../fixtures/powerschool/random.ts'

/** Some of everything: people come, move, change their name and leave; classes are joined, dropped and closed. */
export function liveOn(district: District, random: Random): void {
  const students = numbers(
    district,
    `select dcid from students where enroll_status = 0 and last_name is not null and schoolid not in (0, 999999)`,
  )
  const schools = numbers(district, 'select school_number from schools where school_number not in (0, 999999)')
  const one = () => random.pick(students)
  for (let times = random.int(1, 4); times > 0; times -= 1) renameStudent(district, one(), 'Imre', `Changed${times}`)
  for (let times = random.int(1, 2); times > 0; times -= 1) transferStudent(district, one(), random.pick(schools))
  transferStudent(district, one(), null)
  const leaver = one()
  if (district.db.prepare('select 1 from students where dcid = ? and enroll_status = 0').get(leaver)) {
    deleteRow(district, 'students', leaver)
  }
  const school = random.pick(schools)
  const newcomer = addStudent(district, school, { last_name: `Newcomb${random.int(1, 9999)}` })
  const sections = numbers(
    district,
    `select n.dcid from sections n join terms t on t.id = n.termid and t.schoolid = n.schoolid
     where n.schoolid = ${school} and t.firstday <= '${district.today}' and t.lastday > '${district.today}'`,
  )
  if (sections.length > 0) enroll(district, newcomer, random.pick(sections))
  const current = numbers(district, `select dcid from cc where sectionid > 0 and dateleft > '${district.today}'`)
  for (let times = random.int(1, 6); times > 0; times -= 1) {
    const dropped = current.splice(random.int(0, current.length - 1), 1)
    for (const dcid of dropped) drop(district, dcid)
  }
}

export function numbers({ db }: District, sql: string): number[] {
  return db
    .prepare(sql)
    .all()
    .map((row) => Number(Object.values(row)[0]))
}
