// School Data Sync's default lists of values, in lower case: codes are compared without case. Clauses are of Microsoft's pages.

const codes = (text: string): ReadonlySet<string> => new Set(text.toLowerCase().trim().split(/\s+/))

/** RefOrgType. */
export const ORG_TYPES = codes(`
  school department district local state national departmentOfEducation ministryOfEducation university college campus
  adultEducation municipality academicTrust localAuthority region division province researchCenter program`)

/** Relationship roles of contacts; a user of another role counts as `other`. */
export const RELATION_ROLES = codes('parent guardian relative aide doctor other child administrator')

/** The roles by which OneRoster tells contacts. An aide is staff there. */
export const CONTACT_ROLES: ReadonlySet<string> = new Set(['parent', 'guardian', 'relative'])

const STAFF_ROLES = codes(`
  principal chair professor researcher adjunct affiliate occupationalTherapist physicalTherapist speechTherapist
  visionTherapist paraprofessional specialServices advisor proctor nurse officeStaff lecturer itAdmin administrator teacher
  faculty staff teacherAssistant assistant instructor substitute coach alumni`)

/** RefRole of people in organizations, and of contacts. */
export const USER_ROLES: ReadonlySet<string> = new Set([...STAFF_ROLES, ...RELATION_ROLES, 'student'])

/** Roles in a section. */
export const ENROLLMENT_ROLES = codes(`
  student teacher aide proctor administrator principal professor lecturer instructor adjunct affiliate advisor assistant
  coach substitute staff officeStaff itAdmin chair alumni paraprofessional teacherAssistant specialServices
  occupationalTherapist physicalTherapist speechTherapist visionTherapist`)

export const SESSION_TYPES = codes('schoolYear semester term gradingPeriod')

/** RefGradeLevel; `14` is in one of Microsoft's lists only, and let pass. */
export const GRADES = codes(`
  IT PR PK TK KG 01 02 03 04 05 06 07 08 09 10 11 12 13 14 PS UG Other PS1 PS2 PS3 PS4 undergraduate graduate postgraduate
  alumni adultEducation`)

/** Microsoft's lists differ in the third value: both pass. */
export const SEXES = codes('male female other notSelected')

/** RefAcademicSubject by display code; numbers pass too, for samples of Microsoft's hold them. */
export const SUBJECTS = codes(`
  arts careerAndTechnicalEducation english englishAsASecondLanguage foreignLanguage historyUS historyWorld languageArts
  mathematics reading science lifeScience physicalScience socialScience specialEducation writing other`)

/** RefPersonFlagType. */
export const USER_FLAGS = codes('freeLunch reducedLunch homeless giftedOrTalented 504 ELL LEP IEP')
