namespace DaprShop.Deployment.Tests;

/// <summary>As daprd decides, its surprises included.</summary>
public sealed class AccessListTests
{
    [Theory]
    [InlineData("/a/b", "/a/b", true)]
    [InlineData("/a/b", "/A/B", true)]
    [InlineData("/a/b", "/a/c", false)]
    [InlineData("/a", "/a/b/c", true)] // What has no asterisk is good for all below it.
    [InlineData("/a/*", "/a/b", true)]
    [InlineData("/a/*", "/a/b/c", false)]
    [InlineData("/a/*/c", "/a/b/c", false)] // An asterisk in the middle stands for nothing.
    [InlineData("/a/**", "/a/b/c", true)]
    [InlineData("/a/**", "/a", true)]
    [InlineData("/a/**", "/b", false)]
    public void An_operation_is_found_by_its_path(string operation, string path, bool allowed) =>
        Assert.Equal(allowed, With(operation).Allows("x", "GET", path));

    [Fact]
    public void Only_the_named_caller_and_verb_are_let_in()
    {
        var list = With("/a");
        Assert.False(list.Allows("y", "GET", "/a"));
        Assert.False(list.Allows("x", "POST", "/a"));
    }

    [Fact]
    public void The_shorter_of_two_paths_decides() =>
        Assert.False(With("/a", "/a/b").Allows("x", "POST", "/a/b"));

    private static AccessList With(string operation, string? posted = null) => new(Yaml.One($$"""
        policies:
          - appId: x
            operations:
              - { name: "{{operation}}", httpVerb: [GET] }
              - { name: "{{posted ?? "/none"}}", httpVerb: [POST] }
        """));
}
