// The default theme without its fonts, so that a page is read in those that the reader's system has.
import theme from "vitepress/theme-without-fonts";
import "./style.css";

export default theme;
