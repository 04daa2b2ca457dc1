// A small district for the forms of the language, as PowerSchool would send it: numbers as text, one object for a list, "".

/** Beside the sources of BASE. */
export const MORE_SOURCES = `sources:
  visits:
    key: id
    fields: { id: integer, student_id: integer, school_id: integer, day: date, hours: number, kind: text, open: boolean }
    rest: { get: /ws/visits, rows: visits }
  trips:
    key: code
    fields:
      code: text
      student_id: integer
      numbers: [integer]
      legs: [{ name: text, at: { place: text }, stops: [{ place: text, days: [date] }] }]
    rest: { get: /ws/trips, rows: trips }
`

export const ROWS = {
  schools: [
    { id: 3, name: 'Oak', number: 103 },
    { id: 4, name: 'Elm', number: 104 },
    { id: 5, name: 'Yew', number: 104 },
  ],
  students: [
    {
      id: '1',
      school_id: 3,
      other_id: 2,
      name: { first: 'Ada', last: 'Li' },
      born: '2011-02-03',
      active: 'true',
      mark: '2.5',
      races: [{ code: 'w', share: 0.5 }, { code: 'b', share: '0.25' }, { code: 'w' }],
      tags: ['a', 'b', 'a'],
    },
    { id: 2, school_id: 3, name: { first: 'Bo', last: '' }, active: false },
    { id: 3, school_id: 4, other_id: 1, name: { first: 'Cy', last: 'Om' }, active: true, mark: 0, tags: 'c' },
  ],
  visits: [
    { id: 1, student_id: 1, school_id: 4, day: '2026-09-02', hours: 2, kind: 'x', open: true },
    { id: 2, student_id: 1, school_id: 3, day: '2026-09-01', hours: 1.5, kind: 'y', open: false },
    { id: 3, student_id: 1, school_id: 5, hours: 1, kind: 'x' },
    { id: 4, student_id: 2, school_id: 9, day: '2026-09-03', kind: 'z' },
  ],
  trips: [
    {
      code: 'T1',
      student_id: 1,
      numbers: [3, 1, 2],
      legs: [
        {
          name: 'out',
          at: { place: 'P' },
          stops: [{ place: 'p1', days: ['2026-01-01', '2026-01-02'] }, { place: 'p2' }],
        },
        { name: 'back', stops: { place: 'p3', days: '2026-01-03' } },
      ],
    },
  ],
}
