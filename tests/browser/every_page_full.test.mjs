// Every page of a Hub with more sessions than a page of the list has rows.

import { everyPage } from "./walk.mjs";

everyPage("a full Hub", 130);
