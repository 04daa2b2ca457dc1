// Which school year is the current one.
import { describe, expect, it } from 'vitest'
import { chooseStartYear, type YearTerm } from '../../src/mapping/school-year.ts'

const year = (start_year: number, start_date: string, end_date: string, portion = 1): YearTerm => ({
  start_year,
  portion,
  start_date,
  end_date,
})

const TERMS = [year(2025, '2025-08-15', '2026-06-10'), year(2026, '2026-08-15', '2027-06-10')]

describe('the school year', () => {
  it.each([
    ['2025-12-01', 2025, 'is the one that contains today'],
    ['2026-06-10', 2025, 'still runs on its last day'],
    ['2026-06-11', 2025, 'is the one that ended last while the next is far'],
    ['2026-06-30', 2025, '46 days before the next'],
    ['2026-07-01', 2026, 'is the next one 45 days before it begins'],
    ['2026-08-15', 2026, 'begins on its first day'],
    ['2028-01-01', 2026, 'is the last one when none follows'],
    ['2024-01-01', 2025, 'is the next one, however far, when none has been'],
  ])('on %s is %d: it %s', (today, expected) => {
    expect(chooseStartYear(TERMS, today)).toBe(expected)
  })

  it('is the later of two that contain today', () => {
    expect(chooseStartYear([...TERMS, year(2024, '2024-08-15', '2025-12-31')], '2025-12-01')).toBe(2025)
  })

  it('spans from the earliest first day to the latest last day of its year terms', () => {
    const schools = [year(2025, '2025-09-01', '2026-05-30'), year(2025, '2025-08-01', '2026-06-20')]
    expect(chooseStartYear([...schools, year(2026, '2026-09-15', '2027-06-01')], '2026-06-15')).toBe(2025)
    expect(chooseStartYear([...schools, year(2024, '2024-08-01', '2025-08-20')], '2025-08-10')).toBe(2025)
  })

  it('looks at year terms only', () => {
    expect(chooseStartYear([...TERMS, year(2030, '2025-08-15', '2026-06-10', 2)], '2025-12-01')).toBe(2025)
  })

  it('is not known without a whole year term', () => {
    expect(chooseStartYear([], '2026-01-01')).toBeUndefined()
    expect(chooseStartYear([{ ...year(2025, '', '2026-06-10') }], '2026-01-01')).toBeUndefined()
  })
})
