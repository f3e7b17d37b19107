package data

import (
	"bytes"
	"embed"
	"fmt"
	"math"
	"sort"
	"strings"
)

//go:embed sets/*
var embedded embed.FS

// credits tells for every embedded set where it comes from and what its
// licence asks for.
var credits = map[string]string{
	"solar":      "Total solar irradiance 1610-2000: J. Lean, Geophysical Research Letters 27(16), 2000; NOAA/WDC Paleoclimatology, contribution 2004-035. US government work, public domain.",
	"co2":        "Monthly CO2 at Mauna Loa: P. Tans, NOAA/GML, and R. Keeling, Scripps Institution of Oceanography (file of April 2017). Free use with credit.",
	"sunspots":   "Yearly mean sunspot numbers 1700-2008: NOAA National Geophysical Data Center. Public domain.",
	"airline":    "Monthly airline passengers 1949-1960: Box, Jenkins and Reinsel, Time Series Analysis, series G. Published facts.",
	"nile":       "Yearly flow of the Nile 1871-1970: G. Cobb, Biometrika 65, 1978; Durbin and Koopman. Public domain.",
	"covid":      "Daily COVID-19 deaths and cases, Santa Catarina, Brazil: W. Cota, covid19br, doi 10.1590/SciELOPreprints.362, from the Brazilian Ministry of Health. CC BY-SA 4.0.",
	"powerplant": "Combined Cycle Power Plant: P. Tufekci and H. Kaya, UCI Machine Learning Repository, doi 10.24432/C5002N. CC BY 4.0.",
	"skillcraft": "SkillCraft1: M. Blair, J. Thompson, A. Henrey and B. Chen, UCI Machine Learning Repository, doi 10.24432/C5161N; rows without missing values. CC BY 4.0.",
	"digits":     "Optical recognition of handwritten digits: E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, doi 10.24432/C50P49. CC BY 4.0.",
	"era5":       "Hourly weather at Nain, Labrador. Contains modified Copernicus Climate Change Service information 2023 (ERA5 single levels). Copernicus licence / CC BY 4.0.",
	"speech":     "Spoken digits: Z. Jackson and contributors, Free Spoken Digit Dataset. CC BY-SA 4.0.",
	"mnist":      "First 1000 training digits of MNIST: Y. LeCun and C. Cortes. CC BY-SA 3.0.",
	"fashion":    "First 1000 training images of Fashion-MNIST: Zalando Research. MIT licence, copyright 2017 Zalando SE.",
}

// Names lists the embedded sets.
func Names() []string {
	var out []string
	for k := range credits {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// Credits is the text to be handed on with anything that contains the
// embedded sets: one line for each.
func Credits() string {
	var b strings.Builder
	for _, k := range Names() {
		fmt.Fprintf(&b, "%s: %s\n", k, credits[k])
	}
	return b.String()
}

// Credit is the line for one set.
func Credit(name string) (string, error) {
	c, ok := credits[name]
	if !ok {
		return "", fmt.Errorf("there is no embedded set %q; there are %s", name, strings.Join(Names(), ", "))
	}
	return c, nil
}

// must stops on an error in a file that is part of the program: it cannot
// happen in a build that has passed its tests.
func must[T any](v T, err error) T {
	if err != nil {
		panic("embedded data: " + err.Error())
	}
	return v
}

func embeddedBytes(file string) []byte { return must(embedded.ReadFile("sets/" + file)) }

func embeddedTable(name, file string, o CSV) *Table {
	return must(o.Read(name, bytes.NewReader(embeddedBytes(file))))
}

func embeddedSeries(key, title, file, x, y, xname, yname string) Series {
	s := must(embeddedTable(title, file, CSV{Missing: []string{"-99.99"}}).Series(x, y))
	s.Credit, s.XName, s.YName = credits[key], xname, yname
	return s
}

// Solar is yearly total solar irradiance with its background component, W/m²,
// 391 years from 1610.5 to 2000.5.
func Solar() Series {
	return embeddedSeries("solar", "solar irradiance", "solar_irradiance.csv", "year", "cycle11_background", "year", "W/m²")
}

// CO2 is the monthly concentration of CO2 at Mauna Loa in ppm, March 1958 to
// March 2017; months without a measurement are left out.
func CO2() Series {
	return embeddedSeries("co2", "Mauna Loa CO₂", "mauna_loa_co2_monthly.csv", "decimal_date", "average", "year", "ppm")
}

// Sunspots is the yearly mean sunspot number, 1700 to 2008.
func Sunspots() Series {
	return embeddedSeries("sunspots", "sunspots", "sunspots_yearly.csv", "YEAR", "SUNACTIVITY", "year", "sunspot number")
}

// Nile is the yearly flow of the Nile at Aswan, 10⁸ m³, 1871 to 1970.
func Nile() Series {
	return embeddedSeries("nile", "flow of the Nile", "nile.csv", "year", "volume", "year", "10⁸ m³")
}

// Airline is monthly passengers in thousands, 1949 to 1960; x is the decimal
// year of the middle of the month.
func Airline() Series {
	t := embeddedTable("airline passengers", "airline_passengers.csv", CSV{})
	year, month := must(t.Numbers("year")), must(t.Numbers("month"))
	for i := range year {
		year[i] += (month[i] - 0.5) / 12
	}
	return Series{Name: t.Name, XName: "year", YName: "thousand passengers", Credit: credits["airline"],
		X: year, Y: must(t.Numbers("passengers"))}
}

// Covid is daily deaths in Santa Catarina, Brazil, by report date; x counts
// days from 2020-03-12 (day 0), 774 days without gaps.
func Covid() Series {
	t := embeddedTable("COVID-19 deaths, Santa Catarina", "covid_santa_catarina_daily.csv", CSV{})
	s := Series{Name: t.Name, XName: "days since 2020-03-12", YName: "deaths a day", Credit: credits["covid"],
		Y: must(t.Numbers("new_deaths"))}
	for i := range s.Y {
		s.X = append(s.X, float64(i))
	}
	return s
}

// PowerPlant is 9568 hours of a power plant: temperature, vacuum, pressure and
// humidity in, electrical output in MW out.
func PowerPlant() Regression {
	r := must(embeddedTable("power plant", "power_plant.csv.gz", CSV{}).Regression("PE"))
	r.Credit = credits["powerplant"]
	return r
}

// SkillCraft is 3338 players: log(GapBetweenPACs) as output, the other 19
// columns as inputs, as Gaussian-process papers use it.
func SkillCraft() Regression {
	r := must(embeddedTable("SkillCraft", "skillcraft.csv.gz", CSV{}).Regression("GapBetweenPACs"))
	for i, v := range r.Y {
		r.Y[i] = math.Log(v)
	}
	r.YName, r.Credit = "log GapBetweenPACs", credits["skillcraft"]
	return r
}

// Weather is the hourly ERA5 extract at Nain, Labrador: columns time_utc, u10
// and v10 (m/s), snow_depth (m of water), ssrd and strd (J/m² per hour), for
// February to May of 2018, 2019 and 2020, with gaps between the years.
func Weather() *Table {
	return embeddedTable("ERA5, Nain", "era5_nain_hourly.csv.gz", CSV{})
}
