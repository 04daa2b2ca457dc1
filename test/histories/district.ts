// The district of a history: as small as can be, with everything that a large one has.
import { createDistrict, type District } from '../../fixtures/powerschool/district.ts'

/** A Wednesday in the first half of the school year. */
export const TODAY = '2025-10-15'

export interface SmallDistrict {
  readonly seed: number
  readonly students: number
  readonly schools: number
  readonly perStudent: number
  readonly today?: string
}

/** The generator makes four schools at least. */
const LEAST_SCHOOLS = 4

export function createSmallDistrict({ seed, students, schools, perStudent, today = TODAY }: SmallDistrict): District {
  const made = Math.max(LEAST_SCHOOLS, schools)
  const district = createDistrict({
    students: Math.round((students * made) / schools),
    seed,
    today,
    perStudentEnrollments: perStudent,
  })
  const kept = schoolNumbers(district).slice(0, schools)
  const { db } = district
  db.exec(`delete from schools where school_number not in (0, 999999, ${kept.join()})`)
  db.exec(`delete from students where schoolid not in (0, 999999, ${kept.join()})`)
  db.exec(`delete from sections where schoolid not in (${kept.join()})`)
  return district
}

export function schoolNumbers({ db }: District): number[] {
  return numbers(db, 'select school_number from schools where school_number not in (0, 999999) order by school_number')
}

/** The first column of every row. */
export function numbers(db: District['db'], sql: string): number[] {
  return db
    .prepare(sql)
    .all()
    .map((row) => Number(Object.values(row)[0]))
}
