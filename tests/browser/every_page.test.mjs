// Every page of a Hub that has little to show. (A full one is apart: files run side by side.)

import { everyPage } from "./walk.mjs";

everyPage("a new Hub", 0);
everyPage("a Hub in use", 3);
