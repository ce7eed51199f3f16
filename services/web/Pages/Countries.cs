namespace DaprShop.Web.Pages;

/// <summary>The countries offered at checkout; shipping has the last word.</summary>
public static class Countries
{
    public static IReadOnlyList<(string Code, string Name)> All { get; } =
    [
        ("AU", "Australia"), ("AT", "Austria"), ("BE", "Belgium"), ("BR", "Brazil"), ("CA", "Canada"), ("CZ", "Czechia"), ("DK", "Denmark"),
        ("FI", "Finland"), ("FR", "France"), ("DE", "Germany"), ("IN", "India"), ("IE", "Ireland"), ("IT", "Italy"), ("JP", "Japan"),
        ("MX", "Mexico"), ("NL", "Netherlands"), ("NZ", "New Zealand"), ("NO", "Norway"), ("PL", "Poland"), ("PT", "Portugal"),
        ("ES", "Spain"), ("SE", "Sweden"), ("CH", "Switzerland"), ("GB", "United Kingdom"), ("US", "United States"),
    ];
}
