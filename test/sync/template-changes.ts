// Changes of a district at random, of every table that a named query reads; each moves its dates as PowerSchool would.
import type { District } from '../../fixtures/powerschool/district.ts'
import {
  addStudent,
  deleteRow,
  drop,
  enroll,
  renameStudent,
  transferStudent,
} from '../../fixtures/powerschool/mutations.ts'
import { type CellValue, createInsert, type TableName } from '../../fixtures/powerschool/schema.ts'

type Random = () => number

/** One change of a kind; `day` is the server's date on which it happens. */
export interface Scene {
  readonly district: District
  readonly random: Random
  readonly day: string
}

const ACTIVE = 'select dcid from students where enroll_status = 0 order by dcid'
const ENROLLED = 'select dcid from cc where sectionid > 0 order by dcid'
const SECTIONS = 'select distinct n.dcid from sections n join cc on cc.sectionid = n.id order by n.dcid'
const SCHOOLS = 'select school_number from schools where school_number between 1 and 999998 order by school_number'
const PLACES = 'select id from schoolstaff where schoolid > 0 order by id'
const ASSIGNMENTS = 'select id from sectionteacher order by id'
const CONTACTS = 'select distinct personid from studentcontactassoc order by personid'
const ADDRESSES = `select a.personemailaddressassocid from personemailaddressassoc a join students s on s.person_id = a.personid
  where s.enroll_status = 0 order by 1`

function pick({ district, random }: Scene, query: string): number {
  const rows = district.db.prepare(query).all()
  const row = rows[Math.floor(random() * rows.length)]
  return row === undefined ? Number.NaN : Number(Object.values(row)[0])
}

function oneOf<T>({ random }: Scene, first: T, ...rest: readonly T[]): T {
  return [first, ...rest][Math.floor(random() * (rest.length + 1))] ?? first
}

function run({ district }: Scene, sql: string, ...values: readonly CellValue[]): void {
  district.db.prepare(sql).run(...values)
}

const TIMES: Partial<Record<TableName, string>> = {
  studentrace: 'whenmodified',
  roledef: 'whenmodified',
  person: 'whenmodified',
  emailaddress: 'whenmodified',
  personemailaddressassoc: 'whenmodified',
  phonenumber: 'whenmodified',
  personphonenumberassoc: 'whenmodified',
  studentcontactassoc: 'whenmodified',
  studentcontactdetail: 'whenmodified',
}

/**
 * Sets columns of a row and its time of change; of one that has none, in half of the cases it stays without. WHENMODIFIED stays as
 * it was in half of the cases.
 */
function change(
  scene: Scene,
  table: TableName,
  key: string,
  id: number,
  values: Readonly<Record<string, CellValue>>,
): void {
  const time = TIMES[table] ?? 'transaction_date'
  const stamp = `${scene.day} ${oneOf(scene, '00:00:01', '12:00:00', '23:59:59')}`
  const mayStay = scene.random() < 0.5
  const stays = time === 'whenmodified' ? time : `case when ${time} is null then null else ? end`
  const names = Object.keys(values)
  run(
    scene,
    `update ${table} set ${names.map((name) => `${name} = ?`).join(', ')},
     ${time} = ${mayStay ? stays : '?'} where ${key} = ?`,
    ...Object.values(values),
    ...(mayStay && stays === time ? [] : [stamp]),
    id,
  )
}

function nextKey({ district }: Scene, table: TableName, column: string): number {
  return Number(district.db.prepare(`select coalesce(max(${column}), 0) + 1 as next from ${table}`).get()?.next)
}

/** The time of change of a new row; seldom none. */
function stampOf(scene: Scene): string | null {
  return scene.random() < 0.15 ? null : `${scene.day} 08:30:00`
}

const word = (scene: Scene) => `Word${Math.floor(scene.random() * 1e6)}`
const anyDay = (scene: Scene) => `2026-${oneOf(scene, '09', '11', '12')}-${10 + Math.floor(scene.random() * 20)}`
const maybe = <T>(scene: Scene, value: T): T | null => (scene.random() < 0.25 ? null : value)

function addAssignment(scene: Scene): void {
  const id = nextKey(scene, 'sectionteacher', 'id')
  createInsert(scene.district.db)('sectionteacher', {
    id,
    sectionid: pick(scene, 'select id from sections order by id'),
    teacherid: pick(scene, PLACES),
    roleid: pick(scene, 'select id from roledef order by id'),
    start_date: maybe(scene, anyDay(scene)),
    end_date: maybe(scene, anyDay(scene)),
    transaction_date: stampOf(scene),
  })
}

function addAddress(scene: Scene, personid: number): void {
  const insert = createInsert(scene.district.db)
  const emailaddressid = nextKey(scene, 'emailaddress', 'emailaddressid')
  const emailaddress = oneOf(scene, `${word(scene)}@example.net`, `${word(scene)}@example.net`, 'none')
  insert('emailaddress', { emailaddressid, emailaddress, whenmodified: stampOf(scene) })
  insert('personemailaddressassoc', {
    personemailaddressassocid: nextKey(scene, 'personemailaddressassoc', 'personemailaddressassocid'),
    personid,
    emailaddressid,
    isprimaryemailaddress: oneOf(scene, 0, 1),
    emailaddresspriorityorder: oneOf(scene, 1, 2, 3),
    whenmodified: stampOf(scene),
  })
}

const setAny =
  (table: TableName, key: string, query: string, values: (scene: Scene) => Readonly<Record<string, CellValue>>) =>
  (scene: Scene): void =>
    change(scene, table, key, pick(scene, query), values(scene))

const all = (table: TableName, key: string) => `select ${key} from ${table} order by ${key}`

/** Deletes any row of a table without a trace. */
const removeAny =
  (table: TableName, key: string, query = all(table, key)) =>
  (scene: Scene): void =>
    run(scene, `delete from ${table} where ${key} = ?`, pick(scene, query))

const CHANGES: Readonly<Record<string, (scene: Scene) => void>> = {
  // Students and their schedules.
  studentAdded: (scene) => void addStudent(scene.district, pick(scene, SCHOOLS), { transaction_date: stampOf(scene) }),
  studentRenamed: (scene) => renameStudent(scene.district, pick(scene, ACTIVE), 'Robin', word(scene)),
  studentMoved: (scene) =>
    transferStudent(scene.district, pick(scene, ACTIVE), oneOf(scene, null, pick(scene, SCHOOLS))),
  studentEdited: setAny('students', 'dcid', ACTIVE, (scene) => ({
    grade_level: oneOf(scene, -4, 0, 5, 12, 14),
    home_phone: oneOf(scene, null, '(480) 555-0142', '4805550143', 'none'),
    gender: oneOf(scene, 'M', 'F', 'X', null),
    fedethnicity: oneOf(scene, -1, 0, 1),
    student_web_id: oneOf(scene, null, '##sso', word(scene)),
  })),
  studentRejected: setAny('students', 'dcid', ACTIVE, (scene) => ({ last_name: oneOf(scene, null, ' ', 'Backagain') })),
  studentStatus: setAny('students', 'dcid', all('students', 'dcid'), (scene) => ({
    enroll_status: oneOf(scene, -1, 0, 2),
  })),
  studentDeleted: removeAny('students', 'dcid', ACTIVE),
  enrolled: (scene) => void enroll(scene.district, pick(scene, ACTIVE), pick(scene, SECTIONS)),
  dropped: (scene) => drop(scene.district, pick(scene, ENROLLED)),
  stayEdited: setAny('cc', 'dcid', ENROLLED, (scene) => ({ dateleft: anyDay(scene) })),
  stayDeleted: removeAny('cc', 'dcid', ENROLLED),
  staySwapped: (scene) => {
    deleteRow(scene.district, 'cc', pick(scene, ENROLLED))
    enroll(scene.district, pick(scene, ACTIVE), pick(scene, SECTIONS))
  },
  raceAdded: (scene) => {
    const [dcid, id] = [nextKey(scene, 'studentrace', 'dcid'), nextKey(scene, 'studentrace', 'id')]
    const racecd = oneOf(scene, 'W1', 'BA', 'AJ', 'AV', 'NA', 'HW', '07')
    const studentid = pick(scene, 'select id from students where enroll_status = 0 order by id')
    createInsert(scene.district.db)('studentrace', { dcid, id, studentid, racecd, whenmodified: stampOf(scene) })
  },
  raceEdited: setAny('studentrace', 'dcid', all('studentrace', 'dcid'), (scene) => ({
    racecd: oneOf(scene, 'W1', 'BA', '07'),
  })),
  raceDeleted: removeAny('studentrace', 'dcid'),
  // Neither moves a date of the student's row.
  addressAdded: (scene) =>
    addAddress(scene, pick(scene, 'select person_id from students where person_id is not null order by dcid')),
  addressEdited: (scene) => {
    const sql = 'select emailaddressid as id from personemailaddressassoc where personemailaddressassocid = ?'
    const found = scene.district.db.prepare(sql).get(pick(scene, ADDRESSES))
    const emailaddress = oneOf(scene, `${word(scene)}@example.net`, 'none', null)
    if (found) change(scene, 'emailaddress', 'emailaddressid', Number(found.id), { emailaddress })
  },
  addressPrimary: setAny('personemailaddressassoc', 'personemailaddressassocid', ADDRESSES, (scene) => ({
    isprimaryemailaddress: oneOf(scene, 0, 1),
  })),
  addressDeleted: removeAny('personemailaddressassoc', 'personemailaddressassocid', ADDRESSES),
  personTaken: setAny('students', 'dcid', ACTIVE, (scene) => ({
    person_id: maybe(scene, pick(scene, all('person', 'id'))),
  })),

  // Sections, who teaches them, and what they refer to.
  sectionEdited: setAny('sections', 'dcid', SECTIONS, (scene) => ({
    room: maybe(scene, word(scene)),
    section_number: oneOf(scene, '07', '8', 'A-1'),
    expression: oneOf(scene, null, '5-6(A-B)', 'HR(A)'),
    teacher: maybe(scene, pick(scene, PLACES)),
  })),
  sectionMoved: (scene) => {
    const dcid = pick(scene, SECTIONS)
    const terms = `select t.id from terms t join sections n on n.schoolid = t.schoolid where n.dcid = ${dcid} order by t.id`
    const course_number = String(
      scene.district.db
        .prepare(`select course_number c from courses where dcid = ?`)
        .get(pick(scene, all('courses', 'dcid')))?.c ?? 'GHOST1',
    )
    change(scene, 'sections', 'dcid', dcid, { termid: pick(scene, terms), course_number })
  },
  sectionDeleted: removeAny('sections', 'dcid', SECTIONS),
  assignmentAdded: addAssignment,
  assignmentEdited: setAny('sectionteacher', 'id', ASSIGNMENTS, (scene) => ({
    start_date: maybe(scene, anyDay(scene)),
    end_date: maybe(scene, anyDay(scene)),
  })),
  assignmentRole: setAny('sectionteacher', 'id', ASSIGNMENTS, (scene) => ({
    roleid: pick(scene, all('roledef', 'id')),
  })),
  assignmentDeleted: removeAny('sectionteacher', 'id'),
  assignmentsDeleted: removeAny('sectionteacher', 'sectionid'),
  // Moves no date of an assignment.
  roleRenamed: setAny('roledef', 'id', all('roledef', 'id'), (scene) => ({
    name: oneOf(scene, 'Lead Teacher', 'CO TEACHER', 'co-teacher', 'Observer'),
  })),
  placeEdited: setAny('schoolstaff', 'id', PLACES, (scene) => ({
    status: oneOf(scene, 1, 1, 2),
    staffstatus: oneOf(scene, 0, 1, 2),
  })),
  personEdited: setAny('users', 'dcid', all('users', 'dcid'), (scene) => ({
    last_name: oneOf(scene, word(scene), word(scene), null),
    email_addr: oneOf(scene, null, 'not there', `${word(scene)}@example.org`),
  })),
  courseEdited: setAny('courses', 'dcid', all('courses', 'dcid'), (scene) => ({
    course_name: word(scene),
    credittype: oneOf(scene, null, ' ', 'SCI'),
  })),
  // Sections name its number already: their rows do not move.
  ghostCourseMade: (scene) => {
    const { db } = scene.district
    if (db.prepare(`select 1 from courses where course_number = 'GHOST1'`).get()) return
    const [dcid, id] = [nextKey(scene, 'courses', 'dcid'), nextKey(scene, 'courses', 'id')]
    const row = { course_number: 'GHOST1', course_name: 'Apparitions', schoolid: 0, transaction_date: stampOf(scene) }
    createInsert(db)('courses', { dcid, id, ...row })
  },
  courseDeleted: (scene) => {
    if (scene.random() < 0.2) removeAny('courses', 'dcid')(scene)
  },
  termEdited: setAny('terms', 'dcid', all('terms', 'dcid'), (scene) => ({ name: word(scene) })),
  binEdited: setAny('termbins', 'dcid', all('termbins', 'dcid'), (scene) => ({
    storecode: oneOf(scene, null, 'Q9'),
    date1: maybe(scene, anyDay(scene)),
  })),
  binDeleted: removeAny('termbins', 'dcid'),
  schoolRenamed: setAny('schools', 'dcid', 'select dcid from schools where school_number > 0', (scene) => ({
    name: word(scene),
  })),
  // Students name its number already, by rows that were not touched for long.
  ghostSchoolMade: (scene) => {
    const { db } = scene.district
    if (db.prepare('select 1 from schools where school_number = 777').get()) return
    if (db.prepare('select 1 from students where schoolid = 777').get()) {
      const [dcid, id] = [nextKey(scene, 'schools', 'dcid'), nextKey(scene, 'schools', 'id')]
      const row = { school_number: 777, name: 'Phantom High School', transaction_date: stampOf(scene) }
      createInsert(db)('schools', { dcid, id, ...row })
      return
    }
    const move = `update students set schoolid = 777, transaction_date = '2026-08-20 10:00:00' where dcid = ?`
    for (let count = 0; count < 3; count++) run(scene, move, pick(scene, ACTIVE))
  },
  raceCodeMoved: (scene) =>
    run(
      scene,
      `update gen set valuet = ? where cat = 'race' and name = ?`,
      oneOf(scene, 'W', 'A', null),
      oneOf(scene, 'W1', '07'),
    ),

  // Contacts.
  contactPerson: setAny('person', 'id', CONTACTS, (scene) => ({
    isactive: oneOf(scene, 0, 1, 1),
    lastname: maybe(scene, word(scene)),
  })),
  contactAddress: (scene) => addAddress(scene, pick(scene, CONTACTS)),
  contactPhone: setAny('phonenumber', 'phonenumberid', all('phonenumber', 'phonenumberid'), (scene) => ({
    phonenumber: oneOf(scene, 'unlisted', '(602) 555-0177', '6025550178'),
    issms: oneOf(scene, 0, 1),
  })),
  contactLink: setAny(
    'studentcontactassoc',
    'studentcontactassocid',
    all('studentcontactassoc', 'studentcontactassocid'),
    (scene) => ({
      currreltypecodesetid: maybe(scene, pick(scene, `select codesetid from codeset where codetype = 'Relationship'`)),
      personid: pick(scene, CONTACTS),
    }),
  ),
  contactDetail: setAny(
    'studentcontactdetail',
    'studentcontactdetailid',
    all('studentcontactdetail', 'studentcontactdetailid'),
    (scene) => ({
      isactive: oneOf(scene, 0, 1),
    }),
  ),
  contactAccess: removeAny('guardianstudent', 'guardianstudentid'),
  contactUnlinked: removeAny('studentcontactassoc', 'studentcontactassocid'),
}

export const CHANGE_KINDS: readonly string[] = Object.keys(CHANGES)

/** Makes one change of this kind; what finds no row of its kind any more does nothing. */
export function changeOne(kind: string, scene: Scene): void {
  CHANGES[kind]?.(scene)
}
