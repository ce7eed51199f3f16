using System.Reflection;
using System.Runtime.CompilerServices;

namespace DaprShop.Conformance.Tests;

/// <summary>The table of local/README.md, "What a sidecar serves", against this suite: neither says what the other does not.</summary>
public sealed class TableTests
{
    private static readonly IReadOnlyList<string[]> s_rows = [.. Rows()];

    [Fact]
    public void Every_row_names_tests_and_every_test_has_a_row()
    {
        var named = s_rows.SelectMany(row => row[3].Split(',', StringSplitOptions.TrimEntries)).Distinct().Order(StringComparer.Ordinal);
        var classes = typeof(TableTests).Assembly.GetTypes()
            .Where(type => type != typeof(TableTests) && !type.IsAbstract && type.GetMethods().Any(method => method.GetCustomAttribute<FactAttribute>() is not null))
            .Select(type => type.Name).Order(StringComparer.Ordinal);
        Assert.Equal(classes, named);
    }

    [Fact]
    public void What_is_not_served_at_all_is_refused_by_name()
    {
        var row = Assert.Single(s_rows, row => row[0] == "501");
        Assert.Equal(row[2].Split(',', StringSplitOptions.TrimEntries).Order(), UnservedTests.Features.Select(feature => feature.Data.Item1).Distinct().Order());
    }

    private static IEnumerable<string[]> Rows([CallerFilePath] string source = "")
    {
        var readme = Path.Combine(Path.GetDirectoryName(source)!, "..", "..", "local", "README.md");
        return File.ReadLines(readme)
            .SkipWhile(line => line != "## What a sidecar serves").TakeWhile(line => line != "## How it is built")
            .Where(line => line.StartsWith('|')).Skip(2)
            .Select(line => line.Replace("\\|", "", StringComparison.Ordinal).Trim('|').Split('|', StringSplitOptions.TrimEntries));
    }
}
