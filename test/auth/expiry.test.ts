// When a consumer expires, as a person writes it.
import { describe, expect, it } from 'vitest'
import { parseExpiry } from '../../src/auth/expiry.ts'

describe('an expiry', () => {
  it.each([
    ['2027-06-30', '2027-07-01T00:00:00.000Z'],
    ['2028-02-29', '2028-03-01T00:00:00.000Z'],
    ['2027-06-30T12:00Z', '2027-06-30T12:00:00.000Z'],
    ['2027-06-30T12:00:00.250+02:00', '2027-06-30T10:00:00.250Z'],
  ])('%s ends at %s', (text, instant) => {
    expect(new Date(parseExpiry(text) ?? Number.NaN).toISOString()).toBe(instant)
  })

  it.each([
    '',
    'soon',
    '2027',
    '30.06.2027',
    '2027-02-29',
    '2027-13-01',
    '2027-06-31T00:00Z',
    '2027-06-30T25:00Z',
    '2027-06-30T12:00',
    ' 2027-06-30',
  ])('is not %j', (text) => {
    expect(parseExpiry(text)).toBeUndefined()
  })
})
