import { expect, test } from 'vitest'
import { dateText, parseInstant } from '../../src/oneroster/instant.ts'

test.each([
  ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ['2024-01-01T10:20:30.511Z', '2024-01-01T10:20:30.511Z'],
  ['2024-01-01T10:20:30Z', '2024-01-01T10:20:30.000Z'],
  ['2024-01-01T10:20:30', '2024-01-01T10:20:30.000Z'],
  ['2024-01-01 10:20', '2024-01-01T10:20:00.000Z'],
  ['2024-01-01t10:20:30z', '2024-01-01T10:20:30.000Z'],
  ['2024-01-01T00:30:00+02:00', '2023-12-31T22:30:00.000Z'],
  ['2024-01-01T00:30:00 02:00', '2023-12-31T22:30:00.000Z'],
  ['2024-01-01T00:30:00-0530', '2024-01-01T06:00:00.000Z'],
  ['2024-01-01T00:30:00.5+02', '2023-12-31T22:30:00.500Z'],
  [' 2024-01-01 ', '2024-01-01T00:00:00.000Z'],
  ['0001-01-01', '0001-01-01T00:00:00.000Z'],
])('reads %s', (text, iso) => {
  expect(new Date(parseInstant(text) ?? Number.NaN).toISOString()).toBe(iso)
})

test.each([
  '',
  'abc',
  '2024',
  '2024-13-01',
  '2023-02-29',
  '2024-01-01T24:00:00Z',
  '2024-01-01T10:60:00Z',
  '2024-01-01T10Z',
  '2024-01-01Z',
  '0000-01-01T00:00:00+01:00',
  '9999-12-31T23:59:59-01:00',
  '20240101',
  '2024-1-1',
  '1704067200000',
])('refuses %s', (text) => {
  expect(parseInstant(text)).toBeUndefined()
})

test('keeps what is finer than a millisecond', () => {
  const exact = Date.parse('2024-01-01T00:00:00.204Z')
  expect(parseInstant('2024-01-01T00:00:00.2040000Z')).toBe(exact)
  expect(parseInstant('2024-01-01T00:00:00.2041234Z')).toBeGreaterThan(exact)
  expect(parseInstant('2024-01-01T00:00:00.2041234Z')).toBeLessThan(exact + 1)
})

test('a time of day sorts between its date and the next', () => {
  expect(dateText(Date.parse('2024-01-01T00:00:00Z'))).toBe('2024-01-01')
  const noon = dateText(Date.parse('2024-01-01T12:00:00Z'))
  expect(noon > '2024-01-01' && noon < '2024-01-02').toBe(true)
})
