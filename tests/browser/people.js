/* Made-up people for `make screenshots`. */
'use strict';
const rows = `
Marta Eklund|1861-03-02|1938-11-19|Violinist and teacher. Led the first string quartet of the north to tour by rail, and wrote down two hundred fiddle tunes on the way.
Tomás Arregui|1809|1877-06-30|Organist of a harbour town and builder of its largest instrument.
Ilse van Doorn|1902-09-14|1991-01-08|Singer and collector of songs; her recordings on wax cylinders are kept in four archives.
Henrik Solvang|1844-12-01|1911|Composer of marches, polkas and one opera that was never staged.
Adaeze Okoro|1915-05-23|2001-10-02|Pianist, bandleader and the first to record the harbour songs.
Pietro Calvi|1588|1650-02-11|Lutenist at three courts, and copyist of the book that bears his name.
Lin Mei-hua|1926-07-07|2010-04-15|Composer for the zither and the radio orchestra.
Rosalind Peake|1873-10-29|1959|Choir conductor. Founded a festival that still meets each May.
Jean-Baptiste Morel|1751|1822-08-05|Maker of clarinets and author of the first method for them.
Katarzyna Wilk|1837-01-17|1904-12-24|Pianist who played her own études, and nobody else's, for forty years.
Samuel Addo|1890|1964-03-09|Cornet player, arranger and copyist for the town bands of the coast.
Elif Demirkan|1948-02-20||Composer of music for film and shadow theatre.
`;

exports.people = rows.trim().split('\n').map(function (row, i) {
	const [name, birth_date, death_date, biography] = row.split('|');

	return Object.assign({id: i + 1, name, category: 'M', birth_date}, death_date ? {death_date} : {}, {biography});
});
