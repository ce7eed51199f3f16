using System.Text.Json;
using System.Text.Json.Serialization;
using DaprShop.Contracts;

namespace DaprShop.Members;

/// <summary>What this service reads and writes as JSON.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(SignUp))]
[JsonSerializable(typeof(SignedUp))]
[JsonSerializable(typeof(TokenRequest))]
[JsonSerializable(typeof(Tokens))]
[JsonSerializable(typeof(Profile))]
[JsonSerializable(typeof(ProfileChange))]
[JsonSerializable(typeof(Page<PostalAddress>))]
[JsonSerializable(typeof(IReadOnlyList<PostalAddress>))]
[JsonSerializable(typeof(IReadOnlyList<AddressDraft>))]
[JsonSerializable(typeof(AddressList))]
[JsonSerializable(typeof(MemberContact))]
[JsonSerializable(typeof(MemberRegistered))]
[JsonSerializable(typeof(Member))]
[JsonSerializable(typeof(Account))]
[JsonSerializable(typeof(AccountThrottle))]
[JsonSerializable(typeof(AddressThrottle))]
[JsonSerializable(typeof(Session))]
[JsonSerializable(typeof(KeyRing))]
[JsonSerializable(typeof(JsonWebKeys))]
[JsonSerializable(typeof(Pending))]
public sealed partial class MembersJson : JsonSerializerContext;
