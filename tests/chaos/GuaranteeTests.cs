using System.Text.RegularExpressions;
using DaprShop.Testing;

namespace DaprShop.Chaos.Tests;

/// <summary>docs/guarantees.md names tests; each of them must be there.</summary>
public sealed partial class GuaranteeTests
{
    private static readonly string s_page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "guarantees.md"));

    public static TheoryData<string> Named => [.. TestName().Matches(s_page).Select(match => match.Value.Trim('`')).Distinct()];

    [Theory, MemberData(nameof(Named))]
    public void A_test_that_is_named_exists(string test)
    {
        var (type, method) = test.Split('.') is [var name, var member] ? (name, member) : throw new ArgumentException(test);
        var tests = Path.Combine(Repository.Root, "tests");
        // A class in parts: Type.Part.cs.
        var files = new[] { $"{type}.cs", $"{type}.*.cs" }.SelectMany(name => Directory.EnumerateFiles(tests, name, SearchOption.AllDirectories));
        var declaration = new Regex($@"\[(Fact|Theory)\b[^;{{}}]*\bpublic (async )?(Task|void) {method}\(");
        Assert.Contains(files, file => declaration.IsMatch(File.ReadAllText(file)));
    }

    [Fact]
    public void Every_row_of_a_table_names_a_test() => Assert.All(
        s_page.Split('\n').Where(line =>
            line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| guarantee", StringComparison.Ordinal)),
        row => Assert.Matches(TestName(), row));

    [GeneratedRegex(@"`[A-Z]\w+Tests\.[A-Z]\w+`")]
    private static partial Regex TestName();
}
