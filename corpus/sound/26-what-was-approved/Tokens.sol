// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

error InvalidPermit();
error NotAllowed();
error TransferFailed();

/// @notice An ERC-20 with permits (EIP-2612).
abstract contract PermitToken {
    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    string public name;
    string public symbol;
    uint8 public constant decimals = 18;
    uint256 public totalSupply;
    mapping(address account => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;
    mapping(address owner => uint256) public nonces;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    constructor(string memory name_, string memory symbol_) {
        name = name_;
        symbol = symbol_;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _transfer(msg.sender, to, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed != type(uint256).max) allowance[from][msg.sender] = allowed - value;
        _transfer(from, to, value);
        return true;
    }

    function approve(address spender, uint256 value) external returns (bool) {
        _approve(msg.sender, spender, value);
        return true;
    }

    function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
    {
        if (block.timestamp > deadline) revert InvalidPermit();
        address signer = ecrecover(_digest(owner, spender, value, deadline), v, r, s);
        if (signer == address(0) || signer != owner) revert InvalidPermit();
        _approve(owner, spender, value);
    }

    function DOMAIN_SEPARATOR() public view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN, keccak256(bytes(name)), keccak256("1"), block.chainid, address(this)));
    }

    function _digest(address owner, address spender, uint256 value, uint256 deadline) private returns (bytes32) {
        bytes32 hash = keccak256(abi.encode(PERMIT, owner, spender, value, nonces[owner]++, deadline));
        return keccak256(abi.encodePacked("\x19\x01", DOMAIN_SEPARATOR(), hash));
    }

    function _approve(address owner, address spender, uint256 value) private {
        allowance[owner][spender] = value;
        emit Approval(owner, spender, value);
    }

    function _transfer(address from, address to, uint256 value) private {
        if (to == address(0)) revert NotAllowed();
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }

    function _mint(address to, uint256 value) internal {
        totalSupply += value;
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }
}

/// @notice The legacy. Its supply is fixed.
contract OldToken is PermitToken {
    constructor(address[] memory holders, uint256[] memory values) PermitToken("Old", "OLD") {
        for (uint256 i = 0; i < holders.length; i++) {
            _mint(holders[i], values[i]);
        }
    }
}

/// @notice The successor. It is made only for legacy that the migrator has taken.
contract NewToken is PermitToken {
    address public immutable MIGRATOR;

    constructor(address migrator) PermitToken("New", "NEW") {
        MIGRATOR = migrator;
    }

    function mint(address to, uint256 value) external {
        if (msg.sender != MIGRATOR) revert NotAllowed();
        _mint(to, value);
    }
}

/// @notice Takes legacy that was approved to it, which stays here, and makes as much of the successor.
contract Migrator {
    OldToken public immutable OLD;
    NewToken public immutable NEW;
    address public immutable OPERATOR;

    event Migrated(address indexed holder, uint256 value);

    constructor(OldToken old, NewToken successor, address operator) {
        OLD = old;
        NEW = successor;
        OPERATOR = operator;
    }

    /// @notice Migrates what each of these has and has approved. Who has not is passed over.
    function migrateFor(address[] calldata holders) external {
        if (msg.sender != OPERATOR) revert NotAllowed();
        for (uint256 i = 0; i < holders.length; i++) {
            _migrate(holders[i]);
        }
    }

    function migrate() external {
        _migrate(msg.sender);
    }

    function _migrate(address holder) private {
        uint256 value = OLD.balanceOf(holder);
        uint256 allowed = OLD.allowance(holder, address(this));
        if (allowed < value) value = allowed;
        if (value == 0) return;
        if (!OLD.transferFrom(holder, address(this), value)) revert TransferFailed();
        NEW.mint(holder, value);
        emit Migrated(holder, value);
    }
}
