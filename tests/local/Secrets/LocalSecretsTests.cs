using DaprShop.Local.Configuration;
using DaprShop.Local.Secrets;

namespace DaprShop.Local.Tests.Secrets;

public sealed class LocalSecretsTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("""{"a":"1","a":"2"}""", "a", "2")]
    [InlineData("""{"a:b":"1","a":{"b":"2"}}""", "a:b", "2")]
    [InlineData("""{"a":{"b":"1","b":"2"}}""", "a:b", "2")]
    public void Of_a_secret_that_is_there_twice_the_last_is_one(string json, string name, string value) =>
        Assert.Equal(new Dictionary<string, string> { [name] = value }, Open(json).Get(name));

    [Theory]
    [InlineData("""{"a":"1","a":{"b":"2"}}""", "true")]
    [InlineData("""{"a":{"b":"1","b":"2"}}""", "yes")]
    public void So_it_is_of_one_with_several_keys(string json, string multiValued) =>
        Assert.Equal(new Dictionary<string, string> { ["b"] = "2" }, Open(json, ("multiValued", multiValued)).Get("a"));

    [Theory]
    [InlineData("", "a:b")]
    [InlineData(".", "a.b")]
    public void The_separator_is_a_colon_unless_there_is_another(string separator, string name) =>
        Assert.Equal("1", Open("""{"a":{"b":"1"}}""", ("nestedSeparator", separator)).Get(name)?[name]);

    private ILocalSecrets Open(string json, params (string Name, string Value)[] settings)
    {
        File.WriteAllText(_file, json);
        var metadata = settings.Append(("secretsFile", _file)).ToDictionary(setting => setting.Item1, setting => setting.Item2);
        return LocalSecrets.Open(new ComponentSpec("files", "secretstores.local.file", "v1", metadata, [], "test.yaml"));
    }
}
